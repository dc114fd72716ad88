"""Rows of all files together: in the order of their times, without those that repeat or contradict one another."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from apps.datacenter.options import IngestOptions
from apps.datacenter.telemetry.files import RawFile
from apps.datacenter.telemetry.times import Clock, Reading, find_zone, read_times
from gristmill.errors import InputError
from pipelines.quarantine import Rejected

__all__ = ["Aside", "Rows", "gather_rows", "set_repeats_aside"]

_REASONS = {
    Reading.UNREADABLE: "must be a time: ISO 8601, or seconds since 1970",
    Reading.NO_SUCH_HOUR: "must be a time that clocks in {zone} showed; they were put forward over it",
    Reading.TWO_HOURS: "must say which of two hours is meant, as clocks in {zone} were put back; the rows' order does not",
}
_SHORT = {
    Reading.UNREADABLE: "no time",
    Reading.NO_SUCH_HOUR: "no such hour",
    Reading.TWO_HOURS: "hour twice",
}


class Aside:
    """Rows that are set aside, by file, and how many for which reason."""

    def __init__(self, files: int) -> None:
        self.rejected: list[list[Rejected]] = [[] for _ in range(files)]
        self.counts: dict[str, int] = {}

    def add(self, file: int, why: str, rejected: list[Rejected]) -> None:
        """Sets rows of a file aside."""
        if rejected:
            self.rejected[file].extend(rejected)
            self.counts[why] = self.counts.get(why, 0) + len(rejected)


@dataclass(frozen=True)
class Rows:
    """Rows of all files, by site and then by time."""

    file: NDArray[np.int32]
    """[row]."""
    position: NDArray[np.int64]
    """Place in the file [row]."""
    site: NDArray[np.int32]
    """Index among `sites` [row]."""
    time: NDArray[np.float64]
    """Seconds since 1970 UTC [row]."""
    values: dict[str, NDArray[np.float64]]
    """By feature [row]."""
    holds: dict[str, NDArray[np.bool_]]
    """Whether a file has the feature at all [file]."""
    sites: tuple[str, ...]

    def take(self, rows: NDArray[np.int64]) -> "Rows":
        """Some of the rows, in the given order."""
        values = {name: column[rows] for name, column in self.values.items()}
        return replace(
            self, file=self.file[rows], position=self.position[rows], site=self.site[rows], time=self.time[rows],
            values=values,
        )  # fmt: skip


def gather_rows(raws: list[RawFile], options: IngestOptions, aside: Aside) -> tuple[Rows, list[Clock]]:
    """Puts the rows of all files together; those without a good time or site are set aside.

    Raises:
        InputError: Some files have a column of sites and others have none, or not one time can be read.
    """
    site_of, sites = _sites(raws, options)
    zone = find_zone(options.timezone)
    clocks, kept = [], []
    for index, (raw, codes) in enumerate(zip(raws, site_of, strict=True)):
        clock = read_times(raw.times, codes, zone, raw.columns.standard_time)
        clocks.append(clock)
        aside.add(index, "no row", raw.unreadable)
        good = _set_aside_bad(index, raw, clock, codes, options, aside)
        kept.append(good)
    if not any(good.any() for good in kept) and any(len(good) for good in kept):
        entry = next(entries[0] for entries in aside.rejected if entries)
        path = next(raw.file.path for raw, entries in zip(raws, aside.rejected, strict=True) if entries)
        raise InputError(f"{path}:{entry[0]}: {entry[1]}. No row of the telemetry has a good time and site")
    names = list(dict.fromkeys(name for raw in raws for name in raw.values))
    rows = Rows(
        file=np.concatenate([np.full(good.sum(), index, np.int32) for index, good in enumerate(kept)]),
        position=np.concatenate([raw.positions[good] for raw, good in zip(raws, kept, strict=True)]),
        site=np.concatenate([codes[good] for codes, good in zip(site_of, kept, strict=True)]),
        time=np.concatenate([clock.seconds[good] for clock, good in zip(clocks, kept, strict=True)]),
        values={
            name: np.concatenate(
                [
                    raw.values[name][good] if name in raw.values else np.full(good.sum(), np.nan)
                    for raw, good in zip(raws, kept, strict=True)
                ]
            )
            for name in names
        },
        holds={name: np.array([name in raw.values for raw in raws]) for name in names},
        sites=sites,
    )
    return rows.take(np.lexsort((rows.position, rows.file, rows.time, rows.site))), clocks


def _sites(raws: list[RawFile], options: IngestOptions) -> tuple[list[NDArray[np.int32]], tuple[str, ...]]:
    """The site of each row of each file as an index, -1 where it is missing, and the sites' names."""
    lacking = [raw.file.path for raw in raws if raw.sites is None]
    if lacking and len(lacking) < len(raws):
        raise InputError(f"{lacking[0]}: the column of the site must stand in all files or in none. Received: none")
    if lacking:
        return [np.zeros(len(raw.positions), np.int32) for raw in raws], (options.site or "site",)
    texts = pa.chunked_array([chunk for raw in raws if raw.sites for chunk in raw.sites.chunks], pa.string())
    codes, names = pd.factorize(texts.to_pandas().str.strip().replace("", None), sort=True)
    ends = np.cumsum([len(raw.positions) for raw in raws])[:-1]
    return np.split(codes.astype(np.int32), ends), tuple(map(str, names))


def _set_aside_bad(
    index: int, raw: RawFile, clock: Clock, codes: NDArray[np.int32], options: IngestOptions, aside: Aside
) -> NDArray[np.bool_]:
    for reading, rule in _REASONS.items():
        rows = np.flatnonzero(clock.reading == reading)
        shown = _shown_times(raw, rows)
        reason = f"`{raw.columns.time}` {rule.format(zone=options.timezone)}"
        rejected: list[Rejected] = [
            (position, f"{reason}. Received: {text}", None)
            for position, text in zip(raw.positions[rows].tolist(), shown, strict=True)
        ]
        aside.add(index, _SHORT[reading], rejected)
    timed = clock.reading == Reading.GOOD
    nowhere = raw.positions[timed & (codes < 0)].tolist()
    aside.add(index, "no site", [(place, f"`{raw.columns.site}` must be present", None) for place in nowhere])
    return np.asarray(timed & (codes >= 0))


def _shown_times(raw: RawFile, rows: NDArray[np.int64]) -> list[str]:
    if not rows.size:
        return []
    starts = np.cumsum([0, *(len(block) for block in raw.times)])
    block = np.searchsorted(starts, rows, side="right") - 1
    cells = [raw.times[b][r - starts[b]] for b, r in zip(block.tolist(), rows.tolist(), strict=True)]
    return [repr(str(cell)) if cell.is_valid else "nothing" for cell in cells]


def set_repeats_aside(rows: Rows, aside: Aside) -> Rows:
    """Sets aside all but the first of equal rows of one time, and all rows of a time that contradict one another.

    Rows of one time that do not contradict one another stay, such as those of several loggers.
    """
    start = np.concatenate([[True], (np.diff(rows.time) != 0) | (np.diff(rows.site) != 0)])[: len(rows.time)]
    group = np.cumsum(start) - 1
    sizes = np.bincount(group, minlength=1)
    shared = np.flatnonzero(sizes[group] > 1)
    if not shared.size:
        return rows
    cells = pd.DataFrame({"group": group[shared], **{name: column[shared] for name, column in rows.values.items()}})
    again = cells.duplicated().to_numpy()
    by_group = cells[~again].groupby("group")
    different = (by_group.nunique() > 1).any(axis=1)
    against = cells["group"].isin(different.index[different]).to_numpy() & ~again
    _add(rows, shared[again], "repeated", "must not repeat a row of the same time", aside)
    _add(rows, shared[against], "contradicted", "must have the values that other rows of its time have", aside)
    keep = np.ones(len(rows.time), bool)
    keep[shared[again | against]] = False
    return rows.take(np.flatnonzero(keep))


def _add(rows: Rows, which: NDArray[np.int64], why: str, rule: str, aside: Aside) -> None:
    for file in np.unique(rows.file[which]).tolist():
        mine = which[rows.file[which] == file]
        times = rows.time[mine].astype("datetime64[s]").astype(str).tolist()
        places = rows.position[mine].tolist()
        rejected: list[Rejected] = [
            (place, f"the row {rule}. Received: {time}Z", None) for place, time in zip(places, times, strict=True)
        ]
        aside.add(file, why, rejected)
