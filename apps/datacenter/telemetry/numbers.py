"""Cells as numbers: what is a number, what stands for a missing one, and what is neither."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.casts import NUMBER

__all__ = ["NO_NUMBER", "read_numbers"]

NO_NUMBER = np.inf
"""Stands for a cell that holds something which is no finite number; NaN stands for one that holds nothing."""
_MOST = 1e30
"""What is larger does not fit into the records, and is no measurement."""
_MISSING = pa.array(["", "-", "--", "n/a", "na", "nan", "none", "null"])
"""Texts that stand for no value, in small letters."""


def read_numbers(cells: pa.Array) -> tuple[NDArray[np.float64], str]:
    """Reads cells of any type; truth values are 1 and 0.

    Returns:
        Numbers, NaN, or `NO_NUMBER` [row], and an example of what is no number.
    """
    kind = cells.type
    if pa.types.is_dictionary(kind):
        cells, kind = cells.dictionary_decode(), kind.value_type
    if pa.types.is_null(kind):
        return np.full(len(cells), np.nan), ""
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        values = _texts(cells.cast(pa.string()))
    elif pa.types.is_boolean(kind):
        values = cells.cast(pa.int8()).cast(pa.float64()).to_numpy(zero_copy_only=False)
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        values = np.abs(found := cells.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))
        values = np.where(values > _MOST, NO_NUMBER, found)
    else:
        values = np.where(cells.is_valid().to_numpy(zero_copy_only=False), NO_NUMBER, np.nan)
    bad = np.flatnonzero(values == NO_NUMBER)
    return values, str(cells[int(bad[0])].as_py())[:80] if bad.size else ""


def _texts(cells: pa.Array) -> NDArray[np.float64]:
    trimmed = pc.utf8_trim_whitespace(cells)
    text = pc.if_else(pc.match_substring_regex(trimmed, NUMBER), trimmed, pa.scalar(None, pa.string()))
    values = pc.replace_substring_regex(text, r"^\+", "").cast(pa.float64()).to_numpy(zero_copy_only=False)
    missing = pc.fill_null(pc.is_in(pc.utf8_lower(trimmed), _MISSING), True).to_numpy(zero_copy_only=False)
    missing |= cells.is_null().to_numpy(zero_copy_only=False)
    return np.where(np.abs(values) <= _MOST, values, np.where(missing, np.nan, NO_NUMBER))
