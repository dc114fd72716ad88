"""Cells of the rows: which columns are kept, and which cells hold a value that can be."""

import numpy as np
from numpy.typing import NDArray

from apps.datacenter.options import IngestOptions
from apps.datacenter.telemetry.columns import IT_POWER, PUE, TOTAL_POWER, Column
from apps.datacenter.telemetry.faults import check_powers, outside
from apps.datacenter.telemetry.files import RawFile
from apps.datacenter.telemetry.numbers import NO_NUMBER
from apps.datacenter.telemetry.report import ColumnReport, LeftOut
from apps.datacenter.telemetry.rows import Rows
from apps.datacenter.telemetry.units import parse_units
from gristmill.errors import InputError, unknown_name

__all__ = ["choose_columns", "clean_cells"]


def choose_columns(raws: list[RawFile], options: IngestOptions) -> tuple[dict[str, Column], list[LeftOut]]:
    """The columns to keep, by feature, and the others with the reason.

    Raises:
        InputError: There is no row, a column that the user names is in no file or holds no numbers, files have one column
            in units of different kinds, or there is neither PUE nor the two powers of which it is made.
    """
    if not any(len(raw.positions) for raw in raws):
        raise InputError(f"{raws[0].file.path}: at least one row of telemetry is needed. Received: none")
    named = {*parse_units(options.units), options.it_power, options.total_power, options.cooling_power} - {None}
    known = {name for raw in raws for name in raw.names}
    for name in sorted(filter(None, named - known)):
        raise InputError(f"{raws[0].file.path}: {unknown_name('column', name, known)}")
    columns = _by_feature(raws)
    left_out = []
    for name, column in list(columns.items()):
        if why := _no_numbers(raws, name):
            if column.source in named:
                raise InputError(f"{_path(raws, name)}: column {column.source!r} must hold numbers, but it {why}")
            left_out.append(LeftOut(column.source, why))
            del columns[name]
    powers = TOTAL_POWER in columns and IT_POWER in columns
    if not powers and PUE not in columns:
        raise _no_power(raws, TOTAL_POWER if TOTAL_POWER not in columns else IT_POWER, left_out)
    if powers and PUE in columns:
        left_out.append(LeftOut(columns.pop(PUE).source, "is computed anew from the powers"))
    return columns, left_out


def _no_power(raws: list[RawFile], name: str, left_out: list[LeftOut]) -> InputError:
    option = "--total-power" if name == TOTAL_POWER else "--it-power"
    why = next((f" (the one of that name {column.why})" for column in left_out if column.column == name), "")
    return InputError(
        f"{raws[0].file.path}: no column for {name}{why}, of which PUE is made; name it with {option}. "
        f"The file has: {', '.join(raws[0].names)}"
    )


def _by_feature(raws: list[RawFile]) -> dict[str, Column]:
    columns: dict[str, Column] = {}
    for raw in raws:
        for column in raw.columns.numbers:
            first = columns.get(column.name)
            if first is None or first.unit is None:
                columns[column.name] = column
            elif column.unit and column.unit.kept != first.unit.kept:
                raise InputError(
                    f"{raw.file.path}: column {column.source!r} must be in {first.unit.kept} as in other files. "
                    f"Received: {column.unit.given}"
                )
    return columns


def _no_numbers(raws: list[RawFile], name: str) -> str:
    """Why a column is none of numbers, or an empty text: most cells that hold something must hold a number."""
    cells = [raw.values[name] for raw in raws if name in raw.values]
    numbers = sum(int(np.isfinite(values).sum()) for values in cells)
    others = sum(int((values == NO_NUMBER).sum()) for values in cells)
    if others > numbers:
        return f"holds no numbers, such as {next(raw.examples[name] for raw in raws if name in raw.examples)!r}"
    return "" if numbers else "holds no value"


def clean_cells(
    rows: Rows, raws: list[RawFile], columns: dict[str, Column]
) -> tuple[dict[str, NDArray[np.float64]], dict[str, ColumnReport]]:
    """Takes out the cells that hold no number, are out of their range, or are powers that contradict one another.

    Returns:
        Values by feature, NaN where missing [row], and what is counted of each.

    Raises:
        InputError: Most of a column breaks a rule.
    """
    cleaned, reports = {}, {}
    for name, column in columns.items():
        there = rows.holds[name][rows.file]
        values = rows.values[name]
        odd = values == NO_NUMBER
        bad = outside(column, values, _path(raws, name))
        unit = column.unit
        reports[name] = ColumnReport(
            name=name,
            source=column.source,
            unit=unit.kept if unit else "",
            converted_from=unit.given if unit and unit.changes else "",
            cells=int(there.sum()),
            missing=int((np.isnan(values) & there).sum()),
            no_number=int(odd.sum()),
            out_of_range=int(bad.sum()),
        )
        cleaned[name] = np.where(odd | bad, np.nan, values)
    if TOTAL_POWER in cleaned and IT_POWER in cleaned:
        below = check_powers(cleaned[TOTAL_POWER], cleaned[IT_POWER], columns)
        for name in (TOTAL_POWER, IT_POWER):
            cleaned[name] = np.where(below, np.nan, cleaned[name])
            reports[name].below_it_power = int(below.sum())
    return cleaned, reports


def _path(raws: list[RawFile], name: str) -> str:
    return next(raw.file.path for raw in raws if name in raw.values)
