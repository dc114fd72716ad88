"""`gristmill export`: lite files, each checked against its float model."""

from typing import Annotated

import typer

from gristmill.cli.evaluate import DatasetOption, RunArgument
from gristmill.cli.output import JsonOption, QuietOption, verb
from gristmill.cli.tables import show_lite

__all__ = ["export"]


def export(
    run: RunArgument,
    lite: Annotated[str, typer.Option(help="auto, or names with commas: f32,f16,dynamic,int8_weights.")] = "auto",
    dataset: DatasetOption = None,
    split: Annotated[str, typer.Option(help="The split whose rows are compared.")] = "test",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Convert a run's models to lite files; one that differs too much from its float model is refused."""
    with verb(as_json, quiet) as call:
        from gristmill.lite import choose_formats
        from gristmill.runs import find_run

        choose_formats(lite)
        path = find_run(run)
        from gristmill.workflow import export_run

        made = export_run(path, formats=lite, dataset=dataset, split=split, progress=call.progress)

        def show() -> None:
            show_lite(made.lite)
            typer.echo(f"files: {path / 'lite'}")

        call.result({"run": str(path), "lite": made.lite}, show)
