"""Casts source columns to their features' types: null where a value is missing or bad, and the rule that bad ones break."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gristmill.data.dataset import arrow_type
from gristmill.schema import Feature, Kind, Missing

__all__ = ["Cast", "NUMBER", "cast"]

NUMBER = r"^\s*[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?\s*$"
"""What a number looks like in a text source."""
_INTEGER = r"^\s*[-+]?0*[0-9]{1,19}(\.0*)?\s*$"
_ISO_TIME = r"^\s*\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}(:?\d{2})?)?\s*$"
_INT64 = np.iinfo(np.int64)
_TIMES = (-62_135_596_800, 253_402_300_799)
"""The years 1 to 9999; a larger number is no count of seconds, but perhaps of milliseconds."""
_PARTS_A_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


@dataclass(frozen=True)
class Cast:
    """A column cast to its feature's type: null where missing or bad, and a mask of the bad ones with the rule."""

    values: pa.Array
    bad: pa.Array | None
    """None where no value is bad."""
    rule: str


def cast(column: pa.Array, feature: Feature) -> Cast:
    """Casts a column; the mask covers every value that breaks a rule of the feature, missing ones where they do."""
    column = _plain(column)
    made = _CASTS[feature.kind, feature.dtype](column, feature)
    bad, rule = made.bad, made.rule
    if made.values.null_count > column.null_count:
        bad = _either(bad, pc.and_(pc.is_null(made.values), pc.is_valid(column)))
    if feature.missing is Missing.REJECT:
        rule += " and present"
        if column.null_count:
            bad = _either(bad, pc.is_null(column))
    return Cast(made.values, bad, rule)


def _either(one: pa.Array | None, other: pa.Array) -> pa.Array:
    return other if one is None else pc.or_(pc.fill_null(one, False), other)


def _where(mask: pa.Array) -> pa.Array | None:
    """The mask with nulls as false, or None where nothing is masked."""
    return pc.fill_null(mask, False) if pc.any(mask, min_count=0).as_py() else None


def _plain(column: pa.Array) -> pa.Array:
    """The same values without the encodings that only say how a file stores them; decimals as their exact text."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or pa.types.is_decimal(kind):
        return column.cast(pa.string())
    if pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return column.cast(pa.list_(kind.value_type))
    return column


def _string(column: pa.Array, feature: Feature) -> Cast:
    readable = (pa.types.is_string, pa.types.is_integer, pa.types.is_boolean, pa.types.is_date, pa.types.is_timestamp)
    if not any(is_type(column.type) for is_type in readable):
        return Cast(pa.nulls(len(column), pa.string()), None, "must be text or a whole number")
    values = column if pa.types.is_string(column.type) else column.cast(pa.string())
    if feature.values is not None:
        return Cast(values, _outside(values, feature.values), f"must be one of {', '.join(feature.values)}")
    bad = _where(pc.match_substring(values, "\0")) if _has_nul(values) else None
    if feature.kind is Kind.ID:
        if _may_be_blank(values):
            blank = _where(pc.equal(pc.utf8_trim_whitespace(values), ""))
            bad = blank if bad is None else _either(blank, bad)
        return Cast(
            values,
            bad,
            "must be a non-empty id without NUL" if bad is not None and _has_nul(values) else "must be a non-empty id",
        )
    return Cast(values, bad, "must be text without NUL characters" if bad is not None else "must be text")


def _has_nul(values: pa.Array) -> bool:
    _, data = _text_buffers(values)
    return b"\0" in data.tobytes()


def _may_be_blank(values: pa.Array) -> bool:
    """Whether a text may be empty or white space: told by its first byte, so that few have to be looked at whole."""
    offsets, data = _text_buffers(values)
    if not len(values):
        return False
    if not data.size or values.null_count or (np.diff(offsets) == 0).any():
        return True
    first = data[offsets[:-1] - offsets[0]]
    return bool(((first <= 32) | (first >= 0x7F)).any())


def _text_buffers(values: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Offsets of the texts, and the bytes from the first to the last."""
    _, offset_buffer, data = values.buffers()
    if not len(values):
        return np.zeros(1, np.int32), np.empty(0, np.uint8)
    offsets = np.frombuffer(offset_buffer, np.int32)[values.offset : values.offset + len(values) + 1]
    if data is None:
        return offsets, np.empty(0, np.uint8)
    return offsets, np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]]


def _float(column: pa.Array, feature: Feature) -> Cast:
    values = _floats(column)
    rule, bad = _range(values, feature, "a finite number")
    narrow = values.cast(pa.float32(), safe=False)
    finite = pc.is_finite(narrow)
    if not pc.all(finite, min_count=0).as_py():
        bad = _either(bad, pc.fill_null(pc.invert(finite), False))
    return Cast(narrow, bad, rule)


def _integer(column: pa.Array, feature: Feature) -> Cast:
    values, what = _whole(column), "a whole number"
    if feature.kind is not Kind.NUMBER and pa.types.is_string(column.type):
        what = "a whole number in its shortest form"  # "007" and "7" may be two things
        values = pc.if_else(pc.equal(values.cast(pa.string()), column), values, None)
    if feature.values is not None:
        bad = _outside(values.cast(pa.string()), feature.values)
        return Cast(values, bad, f"must be one of {', '.join(feature.values)}")
    rule, bad = _range(values, feature, what)
    return Cast(values, bad, rule)


def _time(column: pa.Array, feature: Feature) -> Cast:
    if pa.types.is_integer(column.type) and column.type != pa.uint64():
        values = column.cast(pa.int64())
    elif pa.types.is_timestamp(column.type):
        values = _floor_divide(column.cast(pa.int64()), _PARTS_A_SECOND[column.type.unit])
    elif pa.types.is_date(column.type):
        values = pc.multiply(column.cast(pa.date32()).cast(pa.int32()).cast(pa.int64()), 86_400)
    else:
        seconds = pc.floor(_floats(column))
        values = pc.if_else(pc.less(pc.abs(seconds), 2.0**53), seconds, None).cast(pa.int64())
    if pa.types.is_string(column.type):
        iso = pc.match_substring_regex(column, _ISO_TIME)
        if pc.any(iso, min_count=0).as_py():
            values = pc.coalesce(values, _iso_seconds(column, iso))
    ends = pc.min_max(values)
    if (ends["min"].as_py() or 0) < _TIMES[0] or (ends["max"].as_py() or 0) > _TIMES[1]:
        inside = pc.and_(pc.greater_equal(values, _TIMES[0]), pc.less_equal(values, _TIMES[1]))
        values = pc.if_else(inside, values, None)
    rule, bad = _range(values, feature, "a time, as seconds since 1970 or as ISO 8601")
    return Cast(values, bad, rule)


def _iso_seconds(column: pa.Array, iso: pa.Array) -> pa.Array:
    """Seconds of the ISO 8601 times; a date that does not exist gives null, a time without zone is UTC."""
    import pandas as pd

    texts = pc.utf8_trim_whitespace(pc.if_else(iso, column, pa.scalar(None, column.type))).to_pandas()
    found = pd.to_datetime(texts, errors="coerce", utc=True, format="ISO8601")
    times = pa.array(found.dt.tz_convert(None).to_numpy())
    return _floor_divide(times.cast(pa.int64()), _PARTS_A_SECOND[times.type.unit])


def _sequence(column: pa.Array, feature: Feature) -> Cast:
    if pa.types.is_string(column.type):
        column = _split(column, feature.outer_separator if feature.nested else feature.separator)
    if not pa.types.is_list(column.type):
        return Cast(pa.nulls(len(column), arrow_type(feature)), None, "must be a list")
    inner = _elements(_plain(column.flatten()), feature)
    broken = pc.is_null(inner.values) if inner.bad is None else _either(inner.bad, pc.is_null(inner.values))
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy()
    bad = np.zeros(len(column), bool)
    bad[np.repeat(np.arange(len(column)), lengths)[broken.to_numpy(zero_copy_only=False)]] = True
    rule = f"must be a list whose every element {inner.rule.replace('must be', 'is', 1)}"
    if feature.shape[0] is not None:
        rule = rule.replace("a list", f"a list of {feature.shape[0]}", 1)
        bad |= (lengths != feature.shape[0]) & pc.is_valid(column).to_numpy(zero_copy_only=False)
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
    values = pa.ListArray.from_arrays(offsets, inner.values, mask=pc.is_null(column))
    return Cast(values, pa.array(bad) if bad.any() else None, rule)


def _elements(values: pa.Array, feature: Feature) -> Cast:
    """The elements of all lists, cast as values of their own."""
    if feature.nested:
        if not len(values):  # of empty lists it cannot be seen what they would hold
            values = pa.array([], pa.list_(pa.string()))
        return _sequence(values, feature.model_copy(update={"shape": (None,)}))
    kind = Kind.TEXT if feature.dtype == "string" else Kind.NUMBER
    element = feature.model_copy(update={"kind": kind, "shape": ()})
    return _CASTS[kind, feature.dtype](values, element)


def _split(column: pa.Array, separator: str) -> pa.Array:
    """The elements of each text; an empty text, or one of white space between separators of white space, has none."""
    column = pc.utf8_trim_whitespace(column) if separator.isspace() else column
    empty = pc.fill_null(pc.equal(column, ""), False)
    return pc.if_else(empty, pa.scalar([], pa.list_(pa.string())), pc.split_pattern(column, separator))


def _floats(column: pa.Array) -> pa.Array:
    """The numbers as float64; null for what is none."""
    if pa.types.is_string(column.type):
        text = pc.if_else(pc.match_substring_regex(column, NUMBER), column, pa.scalar(None, pa.string()))
        return pc.replace_substring_regex(pc.utf8_trim_whitespace(text), r"^\+", "").cast(pa.float64())
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return column.cast(pa.float64(), safe=False)
    return pa.nulls(len(column), pa.float64())


def _whole(column: pa.Array) -> pa.Array:
    """The whole numbers as int64, each exact; null for what is none or does not fit."""
    if pa.types.is_string(column.type):
        text = pc.if_else(pc.match_substring_regex(column, _INTEGER), column, pa.scalar(None, pa.string()))
        text = pc.replace_substring_regex(pc.utf8_trim_whitespace(text), r"^\+|\.0*$", "")
        if (pc.max(pc.utf8_length(text)).as_py() or 0) <= 18:
            return text.cast(pa.int64())
        text = pc.replace_substring_regex(text, r"^(-?)0+([0-9])", r"\1\2")  # Python refuses 4,301 digits
        numbers = [None if value is None else int(value) for value in text.to_pylist()]
        return pa.array([n if n is not None and _INT64.min <= n <= _INT64.max else None for n in numbers], pa.int64())
    if pa.types.is_uint64(column.type):
        return pc.if_else(pc.less_equal(column, pa.scalar(_INT64.max, pa.uint64())), column, None).cast(pa.int64())
    if pa.types.is_floating(column.type):
        wide = column.cast(pa.float64())
        fits = pc.and_(pc.equal(pc.trunc(wide), wide), pc.less(pc.abs(wide), 2.0**63))
        return pc.if_else(fits, wide, None).cast(pa.int64(), safe=False)
    if pa.types.is_integer(column.type):
        return column.cast(pa.int64())
    return pa.nulls(len(column), pa.int64())


def _range(values: pa.Array, feature: Feature, what: str) -> tuple[str, pa.Array | None]:
    """The rule in words, and a mask of the values outside the feature's range."""
    bad: pa.Array | None = None
    limits = [f"must be {what}"]
    for limit, outside, word, whole in (
        (feature.minimum, pc.less, "at least", math.ceil),
        (feature.maximum, pc.greater, "at most", math.floor),
    ):
        if limit is not None:
            exact = limit
            if pa.types.is_integer(values.type):
                exact = min(max(whole(limit), _INT64.min), _INT64.max)
            beyond = _where(outside(values, pa.scalar(exact, values.type)))
            bad = bad if beyond is None else _either(bad, beyond)
            limits.append(f"{word} {limit:.15g}")
    return " and ".join(limits), bad


def _floor_divide(values: pa.Array, divisor: int) -> pa.Array:
    numbers = pc.fill_null(values, 0).to_numpy(zero_copy_only=False) // divisor
    return pa.array(numbers, pa.int64(), mask=pc.is_null(values).to_numpy(zero_copy_only=False))


def _outside(values: pa.Array, allowed: tuple[str, ...]) -> pa.Array | None:
    inside = pc.is_in(values, pa.array(allowed, pa.string()))
    return _where(pc.and_(pc.invert(inside), pc.is_valid(values)))


_CASTS: dict[tuple[Kind, str], Callable[[pa.Array, Feature], Cast]] = {
    (Kind.ID, "string"): _string,
    (Kind.ID, "int64"): _integer,
    (Kind.CATEGORY, "string"): _string,
    (Kind.CATEGORY, "int64"): _integer,
    (Kind.TEXT, "string"): _string,
    (Kind.NUMBER, "float32"): _float,
    (Kind.NUMBER, "int64"): _integer,
    (Kind.TIME, "int64"): _time,
    (Kind.SEQUENCE, "string"): _sequence,
    (Kind.SEQUENCE, "int64"): _sequence,
    (Kind.SEQUENCE, "float32"): _sequence,
}
