"""Times of rows as seconds since 1970 UTC: offsets, zones, and the two hours a year at which clocks are turned."""

from dataclasses import dataclass
from enum import IntEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gristmill.errors import unknown_name
from pipelines.casts import NUMBER

__all__ = ["Clock", "Reading", "Turn", "find_zone", "read_times"]

_DATE = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?"
_LOCAL = _DATE + "$"
_WITH_OFFSET = _DATE + r" ?(Z|[+-]\d{2}(:?\d{2})?)$"
_LATEST = 1e11
"""Seconds; a larger number is likely to be one of milliseconds."""
_NOTHING = np.iinfo(np.int64).min
"""What stands for no time among milliseconds, as in pandas."""


class Reading(IntEnum):
    """What became of a row's time."""

    GOOD = 0
    UNREADABLE = 1
    NO_SUCH_HOUR = 2
    TWO_HOURS = 3


@dataclass(frozen=True)
class Turn:
    """A day on which local clocks were turned, and the rows in the hour that was left out or came twice."""

    day: str
    what: str
    """`no such hour` or `hour twice`."""
    rows: int
    set_aside: int


@dataclass(frozen=True)
class Clock:
    """Times of a file's rows."""

    seconds: NDArray[np.float64]
    """Since 1970 UTC, NaN where the reading is not good [row]."""
    reading: NDArray[np.int8]
    """`Reading` [row]."""
    with_offset: int
    """Rows whose time says its offset, or is a number of seconds since 1970."""
    turns: tuple[Turn, ...]


def find_zone(name: str) -> ZoneInfo | None:
    """The zone of an IANA name, None for UTC; an unknown one raises `InputError` with the nearest."""
    if name.upper() == "UTC":
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise unknown_name("time zone", name, available_timezones()) from error


def read_times(blocks: list[pa.Array], groups: NDArray[np.int32], zone: ZoneInfo | None, standard_time: bool) -> Clock:
    """Reads the times of a file.

    In the hour that comes twice, the order of a group's rows tells which of the two is meant: where the time steps back
    once, all before it is the first. Where the order does not show it, the rows are not good.

    Args:
        blocks: Cells as they came; together [row].
        groups: Number of the site, whose rows stand in an order of their own [row].
        zone: Of times without an offset.
        standard_time: Whether those never follow summer time.
    """
    parts = [_milliseconds(block) for block in blocks] or [(np.zeros(0, np.int64), np.zeros(0, bool))]
    stamps, known = (np.concatenate(column) for column in zip(*parts, strict=True))
    reading = np.where(stamps == _NOTHING, Reading.UNREADABLE, Reading.GOOD).astype(np.int8)
    local = np.flatnonzero(~known & (reading == Reading.GOOD))
    turns: tuple[Turn, ...] = ()
    if zone is not None and local.size:
        if standard_time:
            stamps[local] -= _standard_offsets(stamps[local], zone)
        else:
            stamps[local], reading[local], turns = _to_utc(stamps[local], groups[local], zone)
    seconds = np.where(reading == Reading.GOOD, stamps / 1000, np.nan)
    return Clock(seconds, reading, int((known & (reading == Reading.GOOD)).sum()), turns)


def _milliseconds(cells: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Milliseconds since 1970, `_NOTHING` where unreadable, and whether they are UTC or as local clocks show them."""
    kind = cells.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        stamps = cells.cast(pa.timestamp("ms", kind.tz if pa.types.is_timestamp(kind) else None), safe=False)
        found = pc.fill_null(stamps.cast(pa.int64()), _NOTHING).to_numpy(zero_copy_only=False)
        return found.copy(), np.full(len(cells), pa.types.is_timestamp(kind) and kind.tz is not None)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return _of_numbers(cells.cast(pa.float64(), safe=False)), np.ones(len(cells), bool)
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return np.full(len(cells), _NOTHING), np.zeros(len(cells), bool)
    texts = pc.utf8_trim_whitespace(cells.cast(pa.string()))
    numeric = _where(pc.match_substring_regex(texts, NUMBER), texts)
    found = _of_numbers(numeric.cast(pa.float64()))
    offset, local = (pc.match_substring_regex(texts, pattern) for pattern in (_WITH_OFFSET, _LOCAL))
    for shape in (offset, local):
        if pc.any(shape).as_py():
            moments = pd.to_datetime(_where(shape, texts).to_pandas(), errors="coerce", utc=True, format="ISO8601")
            stamps = moments.dt.tz_localize(None).to_numpy().astype("datetime64[ms]").astype(np.int64)
            found = np.where(stamps == _NOTHING, found, stamps)
    return found, ~pc.fill_null(local, False).to_numpy(zero_copy_only=False)


def _where(shape: pa.Array, texts: pa.Array) -> pa.Array:
    return pc.if_else(shape, texts, pa.scalar(None, pa.string()))


def _of_numbers(seconds: pa.Array) -> NDArray[np.int64]:
    values = pc.fill_null(seconds, np.nan).to_numpy(zero_copy_only=False)
    good = np.abs(values) < _LATEST  # false of NaN
    return np.where(good, np.where(good, values, 0) * 1000, _NOTHING).astype(np.int64)


def _standard_offsets(local: NDArray[np.int64], zone: ZoneInfo) -> NDArray[np.int64]:
    """The zone's offset outside summer time, in milliseconds: the smaller of January's and July's of each year."""
    years = local.astype("datetime64[ms]").astype("datetime64[Y]")
    offsets = np.zeros(len(local), np.int64)
    for year in np.unique(years):
        ends = pd.DatetimeIndex([f"{year}-01-01", f"{year}-07-01"]).tz_localize(zone)
        least = min(moment.utcoffset().total_seconds() for moment in ends)
        offsets[years == year] = round(1000 * least)
    return offsets


def _to_utc(
    local: NDArray[np.int64], groups: NDArray[np.int32], zone: ZoneInfo
) -> tuple[NDArray[np.int64], NDArray[np.int8], tuple[Turn, ...]]:
    index = pd.DatetimeIndex(local.astype("datetime64[ms]"))
    none = np.zeros(len(local), bool)
    missing = np.asarray(index.tz_localize(zone, ambiguous=none, nonexistent="NaT").isna())
    twice = np.asarray(index.tz_localize(zone, ambiguous="NaT", nonexistent="shift_forward").isna())
    summer, open_ = _which_hour(local, groups, twice)
    moments = index.tz_localize(zone, ambiguous=summer, nonexistent="NaT").tz_convert("UTC").tz_localize(None)
    stamps = moments.to_numpy().astype("datetime64[ms]").astype(np.int64)
    reading = np.select([missing, open_], [Reading.NO_SUCH_HOUR, Reading.TWO_HOURS], Reading.GOOD).astype(np.int8)
    turns = _turns(local, missing, missing, "no such hour") + _turns(local, twice, open_, "hour twice")
    return stamps, reading, tuple(sorted(turns, key=lambda turn: turn.day))


def _which_hour(
    local: NDArray[np.int64], groups: NDArray[np.int32], twice: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Of the times in an hour that comes twice: whether the first hour is meant, and whether that is not shown."""
    summer, open_ = np.zeros(len(local), bool), np.zeros(len(local), bool)
    days = local // 86_400_000
    rows = np.flatnonzero(twice)
    for group, day in sorted(set(zip(groups[rows].tolist(), days[rows].tolist(), strict=True))):
        block = rows[(groups[rows] == group) & (days[rows] == day)]
        of_group = np.flatnonzero(groups == group)
        if np.median(np.diff(local[of_group])) < 0:  # the newest stands first
            block = block[::-1]
        back = np.flatnonzero(np.diff(local[block]) <= 0)
        if back.size == 1:
            summer[block[: back[0] + 1]] = True
        else:
            open_[block] = True
    return summer, open_


def _turns(local: NDArray[np.int64], rows: NDArray[np.bool_], aside: NDArray[np.bool_], what: str) -> list[Turn]:
    days = local.astype("datetime64[ms]").astype("datetime64[D]")
    found, counts = np.unique(days[rows], return_counts=True)
    return [
        Turn(str(day), what, int(count), int((aside & (days == day)).sum()))
        for day, count in zip(found, counts, strict=True)
    ]
