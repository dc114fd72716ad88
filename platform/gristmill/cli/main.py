"""The command line: the verbs, gathered."""

import sys
from typing import Annotated

import typer

from gristmill.cli import dashboard, data, doctor, evaluate, export, fetch, ingest, run, runs, train
from gristmill.cli.verbs import add_verbs
from gristmill.errors import GristmillError

__all__ = ["build", "main"]


def build(called: str | None = None) -> typer.Typer:
    """Gathers the verbs into one application; of the apps only what `called` needs is loaded."""
    app = typer.Typer(
        help="Raw data goes in, checked lite models come out.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_options)
    app.command("fetch")(fetch.fetch)
    app.add_typer(ingest.build(load_apps=called == "ingest"), name="ingest")
    app.add_typer(data.app, name="data")
    app.command("train")(train.train)
    app.command("evaluate")(evaluate.evaluate)
    app.command("export")(export.export)
    app.command("run")(run.run)
    app.add_typer(runs.app, name="runs")
    app.command("dashboard")(dashboard.dashboard)
    app.command("doctor")(doctor.doctor)
    own = {command.name for command in app.registered_commands} | {group.name for group in app.registered_groups}
    add_verbs(app, called, own)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"gristmill {version('gristmill')}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """Raw data goes in, checked lite models come out."""


def main() -> None:
    """Runs the command line."""
    try:
        build(called=next(iter(sys.argv[1:]), None))()
    except GristmillError as error:
        typer.secho(f"error: {error}", err=True, fg="red")
        raise SystemExit(error.exit_status) from error
