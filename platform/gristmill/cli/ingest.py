"""`gristmill ingest APP`: a command an app, whose options are the app's own sources and settings."""

import inspect
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from gristmill.cli.ingest_options import CommonOptions
from gristmill.cli.output import JsonOption, QuietOption, Verb, print_table, verb

if TYPE_CHECKING:
    from gristmill.app import App
    from gristmill.data.manifest import Manifest
    from gristmill.data.reports import Estimate

__all__ = ["build", "ingest_app", "show_manifest", "summary"]


def build(load_apps: bool = True) -> typer.Typer:
    """One sub-command for every installed app; without `load_apps` the bare group, for the list of verbs."""
    group = typer.Typer(help="Read, check and split raw files into a dataset folder.", no_args_is_help=True)
    group.callback()(_described)
    if load_apps:
        from gristmill.app import list_apps

        for app in list_apps().values():
            text = f"{app.summary} Files may be CSV, TSV, JSON lines (also .gz) or Parquet."
            group.command(app.name, help=text)(_command(app))
    return group


def _described() -> None:
    """Read, check and split raw files into a dataset folder."""


def _command(app: "App") -> Callable[..., None]:
    """A function with the app's options as its parameters, which typer turns into a command."""

    def ingest(**given: Any) -> None:
        as_json, quiet, out = given.pop("as_json"), given.pop("quiet"), given.pop("out")
        common = CommonOptions(**{field.name: given.pop(field.name) for field in fields(CommonOptions)})
        sources = {name: given.pop(name) or [] for name in app.sources}
        with verb(as_json, quiet) as call:
            from gristmill.data.reports import find_tool

            options = app.options(**{name: value for name, value in given.items() if value is not None})
            plan = common.plan(app.plan(sources, options))
            if common.estimate:
                found = find_tool("estimate")(plan, common.execution, common.rows, call.progress)
                call.result(asdict(found), lambda: show_estimate(found))
                return
            manifest = app.ingest(plan, out, call.progress, common.execution)
            call.result(summary(out, manifest), lambda: _show(app, out, manifest))

    parameters = [
        _parameter(
            name, list[str] if option.required else list[str] | None, option.help, ... if option.required else None
        )
        for name, option in app.sources.items()
    ]
    kinds = get_type_hints(app.options)
    for option in fields(app.options):
        if "help" in option.metadata:
            parameters.append(_parameter(option.name, kinds[option.name], option.metadata["help"], option.default))
    kinds = get_type_hints(CommonOptions)
    parameters += [_parameter(o.name, kinds[o.name], o.metadata["help"], o.default) for o in fields(CommonOptions)]
    parameters += [
        _parameter("out", Path, "Dataset folder to write.", ...),
        inspect.Parameter("as_json", inspect.Parameter.KEYWORD_ONLY, annotation=JsonOption, default=False),
        inspect.Parameter("quiet", inspect.Parameter.KEYWORD_ONLY, annotation=QuietOption, default=False),
    ]
    ingest.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    ingest.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return ingest


def _parameter(name: str, kind: Any, text: str, default: Any) -> inspect.Parameter:
    option = typer.Option(f"--{name.replace('_', '-')}", help=text)
    empty = inspect.Parameter.empty if default is ... else default
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[kind, option], default=empty)


def ingest_app(app: "App", sources: dict[str, list[str]], options: Any, out: Path, call: Verb) -> "Manifest":
    """Plans and runs an app's ingestion."""
    from gristmill.data.execution import Execution

    return app.ingest(app.plan(sources, options), out, call.progress, Execution())


def _show(app: "App", out: Path, manifest: "Manifest") -> None:
    show_manifest(out, manifest)
    if app.show:
        app.show(out, manifest)


def summary(out: Path, manifest: "Manifest") -> dict[str, Any]:
    """The object that `--json` prints; reports of how the records were made stand in it under their names."""
    from gristmill.files import read_json

    return {
        "dataset": str(out),
        "read": manifest.read,
        "written": manifest.written,
        "quarantined": manifest.quarantined,
        "splits": manifest.split_records,
        "sources": [source.model_dump(mode="json") for source in manifest.sources],
        **{name: read_json(out / entry.name) for name, entry in manifest.reports.items()},
    }


def show_manifest(out: Path, manifest: "Manifest") -> None:
    """Prints where each record went."""
    rows = [[s.path, s.table, f"{s.read}", f"{s.written}", f"{s.quarantined}"] for s in manifest.sources]
    print_table(["source", "table", "read", "written", "quarantined"], rows)
    typer.echo(f"read {manifest.read} = written {manifest.written} + quarantined {manifest.quarantined}")
    for entry in manifest.quarantine:
        typer.echo(f"quarantine: {out / entry.name} ({entry.records} records, each with its reason)")
    typer.echo("splits: " + ", ".join(f"{name} {count}" for name, count in manifest.split_records.items()))
    typer.echo(f"dataset: {out}")


def show_estimate(found: "Estimate") -> None:
    """Prints what an ingestion is predicted to take."""
    rows = [
        ["records", f"{found.rows:,}"],
        ["workers", f"{found.workers}"],
        ["time", f"{found.seconds:,.0f} s"],
        ["processor time", f"{found.cpu_seconds:,.0f} s"],
        ["memory", f"{found.memory_bytes / 2**20:,.0f} MiB"],
        ["dataset", f"{found.dataset_bytes / 2**20:,.0f} MiB"],
        ["disk at the peak", f"{found.peak_disk_bytes / 2**20:,.0f} MiB"],
    ]
    print_table(["what", "predicted"], rows)
    typer.echo(f"from an ingestion of {found.sample_rows:,} records")
