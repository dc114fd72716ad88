"""`gristmill data`: describe, infer, validate and compare data, before it is ingested and after."""

from pathlib import Path
from typing import Annotated

import typer

from gristmill.cli.output import JsonOption, QuietOption, verb

__all__ = ["app"]

app = typer.Typer(help="Describe data, infer a schema, validate and compare.", no_args_is_help=True)

FilesArgument = Annotated[list[str], typer.Argument(help="Files or globs: CSV, TSV, JSON lines (also .gz) or Parquet.")]
PsiOption = Annotated[float, typer.Option(help="Population stability index from which on a difference is drift.")]
JsOption = Annotated[float, typer.Option(help="The same of the Jensen-Shannon divergence, in bits.")]
LinfOption = Annotated[float, typer.Option(help="The same of the largest difference of a share (L-infinity).")]


@app.command()
def describe(
    what: Annotated[list[str], typer.Argument(help="A dataset folder, or files of one kind of record.")],
    split: Annotated[
        list[str] | None, typer.Option(help="A split or side table of the dataset; may be repeated.")
    ] = None,
    schema: Annotated[str | None, typer.Option(help="Of files: a schema, or a dataset; inferred by default.")] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show the figures of every feature of a dataset or of raw files."""
    with verb(as_json, quiet) as call:
        from gristmill.cli.data_tables import show_description
        from gristmill.data.reports import find_tool

        made = find_tool("describe")(what, splits=split or [], schema=schema, progress=call.progress)
        call.result(made.values(), lambda: show_description(made))


@app.command()
def infer(
    files: FilesArgument,
    out: Annotated[Path | None, typer.Option(help="YAML file to write; standard output by default.")] = None,
    rows: Annotated[str, typer.Option(help="How many records to look at, or all.")] = "100000",
    ranges: Annotated[bool, typer.Option("--ranges", help="Allow no numbers outside those seen.")] = False,
    values: Annotated[int, typer.Option(help="Allow no new terms in categories with up to this many.")] = 0,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Guess a schema from data; it is yours to correct."""
    with verb(as_json, quiet) as call:
        from gristmill.data.reports import find_tool
        from gristmill.errors import InputError
        from gristmill.files import write_atomic

        if not (rows == "all" or (rows.isdecimal() and int(rows) > 0)):
            raise InputError(f"--rows must be a positive integer or `all`. Received: {rows}")
        if out is not None and out.exists():
            raise InputError(f"{out} exists; nothing is written over it. Give another --out")
        count = None if rows == "all" else int(rows)
        made = find_tool("infer")(files, rows=count, ranges=ranges, closed=values, progress=call.progress)
        for column, note in made.notes:
            call.progress.line(f"column {column}: {note}")
        text = made.record_schema.to_yaml()
        if out is not None:
            write_atomic(out, text.encode())
        call.result(made.values(), lambda: typer.echo(f"schema: {out}" if out else text.rstrip("\n")))


@app.command()
def validate(
    files: FilesArgument,
    schema: Annotated[str, typer.Option(help="A schema in YAML, a dataset folder, or FOLDER:TABLE.")],
    max_invalid: Annotated[str, typer.Option(help="How many records may be invalid: 1% or 100.")] = "0",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check every record against a schema; exit status 1 where more are invalid than may be."""
    with verb(as_json, quiet) as call:
        from gristmill.cli.data_tables import show_validation
        from gristmill.data.reports import find_tool

        made = find_tool("validate")(files, schema, max_invalid=max_invalid, progress=call.progress)
        call.result(made.values(), lambda: show_validation(made))
    if made.exceeded:
        raise typer.Exit(1)


@app.command()
def compare(
    a: Annotated[str, typer.Argument(help="Dataset folder, FOLDER:SPLIT, or files.")],
    b: Annotated[str | None, typer.Argument(help="What to compare with it.")] = None,
    splits: Annotated[str | None, typer.Option(help="Two splits of A instead of B, such as train,test.")] = None,
    psi: PsiOption = 0.2,
    js: JsOption = 0.1,
    linf: LinfOption = 0.1,
    ids: Annotated[bool, typer.Option("--ids", help="Judge ids and keys as well.")] = False,
    leave_out: Annotated[list[str] | None, typer.Option(help="A feature not to compare; may be repeated.")] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Compare two sets of records feature by feature; exit status 1 where one drifted."""
    with verb(as_json, quiet) as call:
        from gristmill.cli.data_tables import show_comparison
        from gristmill.data.reports import Thresholds, find_tool
        from gristmill.errors import InputError

        if (b is None) == (splits is None):
            raise InputError(f"give either B or --splits. Received: {'neither' if b is None else 'both'}")
        options = {"thresholds": Thresholds(psi, js, linf), "ids": ids, "leave_out": leave_out or []}
        if splits is not None:
            made = find_tool("compare_splits")(a, splits.split(","), **options)
        else:
            made = find_tool("compare")(a, b, **options, progress=call.progress)
        call.result(made.values(), lambda: show_comparison(made))
    if made.drifted:
        raise typer.Exit(1)
