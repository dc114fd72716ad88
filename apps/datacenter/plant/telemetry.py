"""Telemetry: what a plant measured as a table, each number with its unit."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from apps.datacenter.plant.controllers import ACTIONS

__all__ = ["telemetry_table", "units"]


def telemetry_table(
    times: npt.NDArray[np.datetime64],
    load: npt.NDArray[np.float64],
    actions: dict[str, npt.NDArray[np.float64]],
    measured: dict[str, npt.NDArray[np.float64]],
    units_by_column: dict[str, str],
    about: dict[str, str],
) -> pa.Table:
    """Makes the table: a row a step, each number with its unit in its field's metadata.

    Args:
        times: Beginning of each step, local standard time [step].
        load: IT load of each step, a fraction [step].
        actions: Set-points that the controller asked for, in the units of `ACTIONS`, NaN where it asked for none;
            each [step].
        measured: Means over the step, by column; each [step].
        units_by_column: Unit of each measured column.
        about: What was run, for the schema's metadata.

    Returns:
        `time`, `it_load`, `action_...`, the measured columns, and `pue`. `cooling_power_kw` is all that serves cooling
        (compressors, pumps, towers, fans), `fan_power_kw` the part of it that the air units' fans take;
        `total_power_kw` also has lights. `pue` is total over IT power.
    """
    pue = measured["total_power_kw"] / measured["it_power_kw"]
    columns: list[tuple[str, str, pa.Array]] = [
        ("time", "local standard time", _array(times.astype("datetime64[ms]"), pa.timestamp("ms"))),
        ("it_load", "fraction", _array(load)),
        *((f"action_{name}", ACTIONS[name][0], _array(values)) for name, values in actions.items()),
        *((name, units_by_column[name], _array(values)) for name, values in measured.items()),
        ("pue", "1", _array(pue)),
    ]
    fields = [pa.field(name, array.type, metadata={"unit": unit}) for name, unit, array in columns]
    return pa.table([array for _, _, array in columns], schema=pa.schema(fields, metadata=about))


def units(table: pa.Table) -> dict[str, str]:
    """Unit of each column of a telemetry table."""
    return {field.name: (field.metadata or {}).get(b"unit", b"").decode() for field in table.schema}


def _array(values: npt.NDArray[Any], kind: pa.DataType | None = None) -> pa.Array:
    """Values where they are, NaN as null: `pa.array` would import pandas, which takes as long as three weeks' run."""
    values = np.ascontiguousarray(values)
    kept = np.packbits(~np.isnan(values), bitorder="little")
    return pa.Array.from_buffers(kind or pa.float64(), len(values), [pa.py_buffer(kept), pa.py_buffer(values)])
