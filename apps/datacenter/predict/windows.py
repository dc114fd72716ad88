"""Windows: what is known when a step begins, what is to be set in the coming hour, and what then comes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.datacenter.predict.layout import HOUR, Layout
from apps.datacenter.predict.series import IT_POWER, PUE, TOTAL_POWER, Series
from gristmill.data.plan import SPLITS
from gristmill.errors import InputError

__all__ = ["TARGETS", "Windows", "windows_of"]

TARGETS = (PUE, TOTAL_POWER)
_DAY, _WEEK = 24 * HOUR, 7 * 24 * HOUR
_MONDAY = 3 * _DAY
"""1970 began on a Thursday."""


@dataclass(frozen=True, eq=False)
class Windows:
    """Predictions to make, and the truth; step k is the first that is not measured yet.

    step        k - window ...  k - 1 | k  ...  k + ahead - 1
    past        sensors, set-points   |
    planned                           | set-points
    truth                             | at k             at k + ahead - 1
    """

    past: NDArray[np.float32]
    """Sensors and set-points as in `Layout.columns`, NaN where missing [window, past step, column]."""
    planned: NDArray[np.float32]
    """Set-points of the coming hour [window, coming step, set-point]."""
    calendar: NDArray[np.float32]
    """Hour of the day and day of the week (0 is Monday) at which step k begins, UTC, fractions kept [window, 2]."""
    truth: NDArray[np.float64]
    """PUE and total power, kW [window, lead, target]."""
    demand: NDArray[np.float64]
    """IT power, kW [window, lead]."""
    first: NDArray[np.int64]
    """Step k in the series [window]."""
    dropped: int
    """Windows that are left out because the truth is missing."""

    def __len__(self) -> int:
        """How many windows."""
        return len(self.first)

    def inputs(self, rows: slice | NDArray[np.int64] = slice(None)) -> dict[str, NDArray[np.float32]]:
        """Inputs of the model for some windows; without set-points there is no `planned`."""
        made = {"past": self.past[rows], "planned": self.planned[rows], "calendar": self.calendar[rows]}
        return {name: array for name, array in made.items() if array.size or name != "planned"}


def windows_of(series: Series, layout: Layout, split: int) -> Windows:
    """All windows whose coming hour lies in one split; the past may reach back into the split before.

    None reaches over a gap or from one site into another.

    Args:
        series: The steps.
        layout: The columns.
        split: Place in `SPLITS`.

    Raises:
        InputError: There are none.
    """
    length, ahead = layout.window, layout.ahead
    first = np.arange(length, len(series.run) - ahead + 1)
    whole = series.run[first - length] == series.run[first + ahead - 1]
    inside = (series.split[first] == split) & (series.split[first + ahead - 1] == split)
    first = first[whole & inside]
    places = [series.names.index(name) for name in layout.columns]
    targets = first[:, None] + np.array(layout.leads) - 1  # [window, lead]
    truth = np.stack([series.column(name)[targets] for name in TARGETS], axis=-1)
    demand = series.column(IT_POWER)[targets]
    known = np.isfinite(truth).all(axis=(1, 2)) & np.isfinite(demand).all(axis=1)
    first, truth, demand = first[known], truth[known], demand[known]
    if not len(first):
        raise InputError(
            f"the {SPLITS[split]} split must hold {ahead} steps with known powers that follow {length} others without a "
            f"gap. Received: none among its {int((series.split == split).sum())} steps"
        )
    values = series.values[:, places].astype(np.float32)
    return Windows(
        values[first[:, None] + np.arange(-length, 0)],
        values[first[:, None] + np.arange(ahead)][:, :, len(layout.sensors) :],
        _calendar(series.seconds[first]),
        truth,
        demand,
        first,
        int((~known).sum()),
    )


def _calendar(seconds: NDArray[np.int64]) -> NDArray[np.float32]:
    hour = seconds % _DAY / HOUR
    day = (seconds + _MONDAY) % _WEEK / _DAY
    return np.stack([hour, day], axis=1).astype(np.float32)
