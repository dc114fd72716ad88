"""A series of steps: numbers by column, with the site, the time and the split of each step."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from apps.datacenter.telemetry import read_series
from gristmill.data.dataset import Dataset
from gristmill.data.plan import SPLITS
from gristmill.errors import InputError

__all__ = ["IT_POWER", "PUE", "Series", "TOTAL_POWER", "series_of_dataset", "series_of_table"]

IT_POWER, TOTAL_POWER, PUE = "it_power_kw", "total_power_kw", "pue"
_PLACES = ("site", "time", "segment", "position", "key_records")
_FRACTIONS = (0.7, 0.85)


@dataclass(frozen=True, eq=False)
class Series:
    """Steps in the order of site and time."""

    names: tuple[str, ...]
    """The columns of `values`."""
    values: NDArray[np.float64]
    """NaN is missing [step, column]."""
    seconds: NDArray[np.int64]
    """Beginning of each step, seconds since 1970 [step]."""
    run: NDArray[np.int64]
    """Number of the unbroken run of steps that each belongs to [step]."""
    split: NDArray[np.int64]
    """Place in `SPLITS` [step]."""

    @property
    def step_seconds(self) -> int:
        """Length of a step."""
        same = np.diff(self.run) == 0
        if not same.any():
            raise InputError("telemetry must have two steps that follow each other. Received: none")
        return int(np.median(np.diff(self.seconds)[same]))

    def column(self, name: str) -> NDArray[np.float64]:
        """One column [step]."""
        return self.values[:, self.names.index(name)]


def series_of_dataset(dataset: Dataset) -> Series:
    """All steps of a dataset that `gristmill ingest datacenter` wrote.

    Raises:
        InputError: It has no total or no IT power.
    """
    parts = []
    for number, split in enumerate(SPLITS):
        part = read_series(dataset, split)
        parts.append(part.append_column("split", pa.array(np.full(len(part), number))))
    table = pa.concat_tables(parts).sort_by([("site", "ascending"), ("time", "ascending")])
    segment = table["segment"].to_numpy().astype(np.int64)
    site = np.unique(np.array(table["site"].to_pylist(), str), return_inverse=True)[1]
    run = np.cumsum((np.diff(segment, prepend=segment[:1]) != 0) | (np.diff(site, prepend=site[:1]) != 0))
    seconds = np.round(table["time"].to_numpy()).astype(np.int64)
    return _made(table.drop_columns(["split"]), seconds, run, table["split"].to_numpy())


def series_of_table(table: pa.Table) -> Series:
    """The telemetry of one run of the plant, split by time: .7 to train, .15 to validate, .15 to test.

    Raises:
        InputError: It has no total or no IT power.
    """
    seconds = table["time"].cast(pa.timestamp("s")).cast(pa.int64()).to_numpy()
    count = len(table)
    split = np.searchsorted([round(share * count) for share in _FRACTIONS], np.arange(count), side="right")
    return _made(table, seconds, np.zeros(count, np.int64), split)


def _made(table: pa.Table, seconds: Any, run: Any, split: Any) -> Series:
    names = tuple(name for name in table.column_names if name not in _PLACES)
    lacking = [name for name in (TOTAL_POWER, IT_POWER) if name not in names]
    if lacking:
        raise InputError(
            f"predictions need the power of all and of the IT equipment; `{'` and `'.join(lacking)}` must be among the "
            f"columns (name it with --total-power or --it-power as you ingest). Received: {', '.join(names)}"
        )
    values = np.stack([table[name].cast(pa.float64()).to_numpy() for name in names], axis=1)
    return Series(names, values, np.asarray(seconds), np.asarray(run), np.asarray(split, np.int64))
