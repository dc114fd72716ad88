"""Shows people what an ingestion found: rows, times, gaps, and the columns of which something is to be told."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from apps.datacenter.telemetry.report import REPORT
from gristmill.cli.output import print_table
from gristmill.data.manifest import Manifest
from gristmill.files import read_json

__all__ = ["show_report"]

_COUNTS = ("missing", "no_number", "out_of_range", "below_it_power", "stuck", "steps_missing", "steps_filled")
_SHOWN_GAPS = 5


def show_report(folder: Path, manifest: Manifest) -> None:
    """Prints the report of a dataset of telemetry, short."""
    report = read_json(folder / manifest.reports[REPORT].name)
    told = [
        column for column in report["columns"] if any(column[name] for name in (*_COUNTS, "converted_from", "note"))
    ]
    if told:
        counts = [name for name in _COUNTS if any(column[name] for column in told)]
        columns = ["column", "unit", *(name.replace("_", " ") for name in counts), "note"]
        print_table(columns, [[c["name"], _unit(c), *(str(c[name]) for name in counts), c["note"]] for c in told])
    for line in _lines(report):
        typer.echo(line)


def _unit(column: dict[str, Any]) -> str:
    came = column["converted_from"]
    return f"{column['unit']} (came in {came})" if came else column["unit"] or "not known"


def _lines(report: dict[str, Any]) -> Iterator[str]:
    aside = ", ".join(f"{count} {why}" for why, count in report["set_aside"].items())
    yield f"rows: {report['read']} read, {report['used']} used{f'; set aside: {aside}' if aside else ''}"
    yield (
        f"steps: {report['steps']} of {report['step_seconds'] / 60:g} minutes in {report['segments']} unbroken runs, "
        f"from {report['first']} to {report['last']}; sites: {', '.join(report['sites'])}"
    )
    yield f"times: {report['with_offset']} rows say their offset, the others are in {report['timezone']}"
    for turn in report["clock_turns"]:
        yield f"clocks turned on {turn['day']} ({turn['what']}): {turn['rows']} rows, {turn['set_aside']} set aside"
    gaps = report["gaps"]
    for gap in gaps[:_SHOWN_GAPS]:
        yield f"gap at {gap['site']} from {gap['begins']}: {gap['steps']} steps, {gap['minutes']:g} minutes"
    if len(gaps) > _SHOWN_GAPS:
        yield f"{len(gaps) - _SHOWN_GAPS} more gaps stand in the report"
    for column in report["left_out"]:
        yield f"left out: {column['column']} {column['why']}"
