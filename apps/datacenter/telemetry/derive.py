"""Derives steps of one length from the rows of all files: read, put in order, cleaned, resampled, counted.

files -> rows with times and sites -> no repeats -> cells in their ranges -> means over steps -> records, report
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from apps.datacenter.options import IngestOptions
from apps.datacenter.plan import STEP_FEATURES
from apps.datacenter.telemetry.cells import choose_columns, clean_cells
from apps.datacenter.telemetry.columns import IT_POWER, PUE, Column
from apps.datacenter.telemetry.files import RawFile, read_raw
from apps.datacenter.telemetry.report import REPORT, Gap, Report
from apps.datacenter.telemetry.resample import Grid
from apps.datacenter.telemetry.rows import Aside, Rows, gather_rows, set_repeats_aside
from apps.datacenter.telemetry.steps import Steps, make_steps, read_at
from apps.datacenter.telemetry.times import Clock
from gristmill.errors import InputError
from gristmill.schema import Feature, Kind, Missing, Schema
from pipelines.derive import Derived, FileUse
from pipelines.sources import SourceFile

__all__ = ["derive_steps"]


def derive_steps(files: tuple[SourceFile, ...], settings: Mapping[str, Any]) -> Derived:
    """Makes the records of a dataset from files of telemetry.

    Args:
        files: CSV, TSV, JSON lines or Parquet.
        settings: The fields of `IngestOptions`.

    Raises:
        InputError: A file, a column or most of a column's values are not what they must be.
    """
    options = IngestOptions(**settings)
    raws = [read_raw(file, options) for file in files]
    columns, left_out = choose_columns(raws, options)
    aside = Aside(len(files))
    rows, clocks = gather_rows(raws, options, aside)
    rows = set_repeats_aside(rows, aside)
    values, counted = clean_cells(rows, raws, columns)
    grid = _grid(rows, columns, options)
    fill = grid.seconds if options.max_gap is None else 60 * options.max_gap
    made = [
        make_steps(
            {name: read_at(rows.time[mine], values[name][mine]) for name, mine in _rows_by_column(rows, site, columns)},
            columns, grid, 60 * options.stuck_after, int(fill // grid.seconds), counted,
        )
        for site in range(len(rows.sites))
    ]  # fmt: skip
    report = _report(raws, clocks, aside, options, grid, fill)
    report.left_out = left_out
    report.columns = list(counted.values())
    records, schema = _records(made, rows.sites, grid, report)
    uses = [
        FileUse(len(raw.positions) + len(raw.unreadable), tuple(rejected), raw.names)
        for raw, rejected in zip(raws, aside.rejected, strict=True)
    ]
    return Derived(records, schema, tuple(uses), {REPORT: report.values()})


def _rows_by_column(rows: Rows, site: int, columns: Mapping[str, Column]) -> list[tuple[str, NDArray[np.int64]]]:
    """The rows of a site whose file has a column, for each column that any has."""
    start, stop = np.searchsorted(rows.site, [site, site + 1])
    files = rows.file[start:stop]
    found = [(name, start + np.flatnonzero(rows.holds[name][files])) for name in columns]
    return [(name, mine) for name, mine in found if mine.size]


def _grid(rows: Rows, columns: Mapping[str, Column], options: IngestOptions) -> Grid:
    """The steps: as long as asked for, or as the median interval of the powers at any site."""
    name = IT_POWER if IT_POWER in columns else PUE
    mine = rows.holds[name][rows.file]
    times, sites = rows.time[mine], rows.site[mine]
    apart = np.diff(times)[np.diff(sites) == 0]
    apart = apart[apart > 0]
    if not apart.size and options.step_seconds is None:
        raise InputError(
            f"telemetry: `{name}` must have two times or more at a site, to tell the step; or give --step-minutes. "
            f"Received: {len(times)} rows"
        )
    interval = float(np.median(apart)) if apart.size else float(options.step_seconds or 1)
    return Grid.of(options.step_seconds or max(1, round(interval)), times, interval)


def _report(
    raws: list[RawFile], clocks: list[Clock], aside: Aside, options: IngestOptions, grid: Grid, fill: float
) -> Report:
    read = sum(len(raw.positions) + len(raw.unreadable) for raw in raws)
    return Report(
        read=read,
        used=read - sum(aside.counts.values()),
        set_aside=aside.counts,
        with_offset=sum(clock.with_offset for clock in clocks),
        timezone=options.timezone,
        clock_turns=[turn for clock in clocks for turn in clock.turns],
        step_seconds=grid.seconds,
        stuck_after_minutes=options.stuck_after,
        filled_up_to_minutes=fill / 60,
    )


def _records(made: list[Steps], sites: tuple[str, ...], grid: Grid, report: Report) -> tuple[pa.Table, Schema]:
    """The records of all sites and their schema; the report gets their number, segments and gaps."""
    names = list(dict.fromkeys(name for steps in made for name in steps.values))
    parts: list[list[NDArray[Any]]] = []
    for site, steps in zip(sites, made, strict=True):
        breaks = np.diff(steps.numbers) != 1
        first = report.segments
        segments = first + np.concatenate([[0], np.cumsum(breaks)])[: len(steps.numbers)]
        report.segments += int(breaks.sum()) + bool(len(steps.numbers))
        report.gaps += _gaps(site, steps.numbers, grid)
        lacking = np.full(len(steps.numbers), np.nan)
        parts.append([grid.begins(steps.numbers), segments, *(steps.values.get(name, lacking) for name in names)])
    times, segments, *values = (np.concatenate(column) for column in zip(*parts, strict=True))
    report.sites, report.steps = list(sites), len(times)
    if len(times):
        report.first, report.last = _iso(int(times.min())), _iso(int(times.max()))
    table = pa.table(
        {
            "site": pa.array(np.repeat(np.array(sites, object), [len(steps.numbers) for steps in made]), pa.string()),
            "time": pa.array(times, pa.int64()),
            "segment": pa.array(segments, pa.int64()),
            **{name: pa.array(column, from_pandas=True) for name, column in zip(names, values, strict=True)},
        }
    )
    numbers = [Feature(name=name, kind=Kind.NUMBER, missing=Missing.KEEP) for name in names]
    return table, Schema(features=(*STEP_FEATURES, *numbers))


def _gaps(site: str, numbers: NDArray[np.int64], grid: Grid) -> list[Gap]:
    apart = np.diff(numbers)
    after = np.flatnonzero(apart > 1)
    begins = grid.begins(numbers[after] + 1).tolist()
    return [
        Gap(site, _iso(begin), steps, steps * grid.seconds / 60)
        for begin, steps in zip(begins, (apart[after] - 1).tolist(), strict=True)
    ]


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
