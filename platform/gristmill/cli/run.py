"""`gristmill run APP`: fetch, ingest, train, evaluate and export, on the app's default data."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from gristmill.cli.ingest import ingest_app, show_manifest
from gristmill.cli.output import JsonOption, QuietOption, program_name, verb
from gristmill.cli.tables import show_lite, show_metrics
from gristmill.cli.train import PresetOption, SeedOption, SetOption

__all__ = ["run"]


def run(
    app: Annotated[str, typer.Argument(help="Name of the app, such as recommend.")],
    dataset: Annotated[Path | None, typer.Option(help="Dataset folder to write; datasets/APP by default.")] = None,
    out: Annotated[Path | None, typer.Option(help="Run folder to write; runs/APP-TIME by default.")] = None,
    preset: PresetOption = "default",
    full: Annotated[bool, typer.Option("--full", help="The long form: the app's preset `full`.")] = False,
    seed: SeedOption = 0,
    settings: SetOption = None,
    lite: Annotated[str, typer.Option(help="Lite formats.")] = "auto",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Do all of it for an app, on its default data: fetch, ingest, train, evaluate, export."""
    with verb(as_json, quiet) as call:
        from gristmill.app import find_app
        from gristmill.data.fetch import fetch
        from gristmill.errors import InputError
        from gristmill.lite import choose_formats

        found = find_app(app)
        if full and preset != "default":
            raise InputError(f"--full is a preset of its own, and stands without --preset. Received: {preset}")
        preset = "full" if full else preset
        found.configure(preset, settings or [])
        choose_formats(lite)
        if not found.data or found.default_sources is None:
            raise InputError(f"{app} has no default data; use ingest, train, evaluate and export")
        folder = dataset or Path("datasets") / app
        place = out or Path("runs") / f"{app}-{datetime.now():%Y%m%d-%H%M%S}"
        with call.progress.task(f"fetch {found.data[0].name}"):
            fetched = fetch(found.data[0], report=call.progress.line)
        sources, options = found.default_sources(fetched)
        manifest = ingest_app(found, {name: list(paths) for name, paths in sources.items()}, options, folder, call)
        from gristmill.workflow import evaluate_run, export_run, train_app

        train_app(
            found,
            folder,
            place,
            preset=preset,
            overrides=settings or [],
            seed=seed,
            saved=out is not None,
            progress=call.progress,
        )
        evaluate_run(place, progress=call.progress)
        made = export_run(place, formats=lite, progress=call.progress)

        def show() -> None:
            typer.echo(f"data: {fetched.data.title}, from {fetched.source}\nlicence: {fetched.data.licence}\n")
            show_manifest(folder, manifest)
            typer.echo()
            show_metrics(app, {"test": made.metrics["test"]})
            show_lite(made.lite)
            typer.echo(f"run folder: {place}\nmodel card: {place / 'card.md'}\ndashboard:  {program_name()} dashboard")

        values = {"dataset": str(folder), "run": str(place), "metrics": made.metrics, "lite": made.lite}
        call.result(values, show)
