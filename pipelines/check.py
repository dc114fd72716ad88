"""Checks a block of records against the schema, column by column: values are cast, and a bad one costs its record only."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gristmill.data.dataset import SCALARS, arrow_type
from gristmill.schema import Feature, Kind, Missing, Schema
from pipelines.sources import POSITION, Block

__all__ = ["Checked", "arrow_schema", "check", "raw_record"]

_NUMBER = r"^\s*[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d{1,3})?\s*$"
_INTEGER = r"^\s*[-+]?\d{1,18}(\.0*)?\s*$"
_ISO_TIME = r"^\s*\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?\s*$"


@dataclass(frozen=True)
class Checked:
    """The good records of a block, typed by the schema, and the others as (position, reason, the record as it came)."""

    batch: pa.RecordBatch
    rejected: tuple[tuple[int, str, bytes], ...]


@dataclass(frozen=True)
class _Cast:
    """A column cast to its feature's type: null where missing or bad, and a mask of the bad ones with the rule."""

    values: pa.Array
    bad: pa.Array
    rule: str


def arrow_schema(schema: Schema) -> pa.Schema:
    """The Arrow schema of checked records: `POSITION` and the features under their own names."""
    return pa.schema([(POSITION, pa.int64()), *((f.name, arrow_type(f)) for f in schema.features)])


def check(block: Block, schema: Schema) -> Checked:
    """Casts every column to its feature's type and parts good records from bad.

    A record is bad where a value has the wrong type, lies outside the allowed range or values, is NaN or infinite, or is
    missing where the schema rejects missing values. The reason names every rule that the record breaks, and the value.
    """
    count = block.batch.num_rows
    reasons: list[list[str]] = [[] for _ in range(count)] if count else []
    good = np.ones(count, bool)
    columns: list[pa.Array] = [block.batch.column(POSITION)]
    for feature in schema.features:
        came = block.batch.column(feature.source_column)
        cast = _cast(came, feature)
        bad = cast.bad.to_numpy(zero_copy_only=False)
        for row in np.flatnonzero(bad):
            reasons[row].append(f"`{feature.name}` {cast.rule}. Received: {_shown(came[row])}")
        good &= ~bad
        columns.append(cast.values)
    rejected = block.rejected + tuple(
        (block.batch.column(POSITION)[row].as_py(), "; ".join(reasons[row]), raw_record(block, row))
        for row in np.flatnonzero(~good).tolist()
    )
    batch = pa.RecordBatch.from_arrays(columns, schema=arrow_schema(schema))
    return Checked(batch if good.all() else batch.filter(pa.array(good)), rejected)


def raw_record(block: Block, row: int) -> bytes:
    """A record as it came: its text, or its columns as JSON where the file is not text."""
    if block.raw is not None:
        return bytes(block.raw[row].as_py())
    record = {name: block.batch.column(name)[row].as_py() for name in block.batch.schema.names if name != POSITION}
    return json.dumps(record, default=str, ensure_ascii=False).encode()


def _shown(value: pa.Scalar) -> str:
    text = repr(value.as_py())
    return text if len(text) <= 80 else text[:77] + "..."


def _cast(column: pa.Array, feature: Feature) -> _Cast:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    cast = _CASTS[feature.kind, feature.dtype](column, feature)
    missing = pc.is_null(column)
    bad = pc.or_(pc.and_(pc.is_null(cast.values), pc.invert(missing)), pc.fill_null(cast.bad, False))
    rule = cast.rule
    if feature.missing is Missing.REJECT:
        bad = pc.or_(bad, missing)
        rule += " and present"
    return _Cast(cast.values, bad, rule)


def _string(column: pa.Array, feature: Feature) -> _Cast:
    if pa.types.is_floating(column.type) or pa.types.is_nested(column.type):
        return _Cast(pa.nulls(len(column), pa.string()), _none(column), "must be text or a whole number")
    values = column.cast(pa.string())
    if feature.values is not None:
        outside = pc.invert(pc.is_in(values, pa.array(feature.values, pa.string())))
        return _Cast(values, pc.and_(outside, pc.is_valid(values)), f"must be one of {', '.join(feature.values)}")
    if feature.kind is Kind.ID:
        return _Cast(values, pc.equal(values, ""), "must be a non-empty id")
    return _Cast(values, _none(column), "must be text")


def _number(column: pa.Array, feature: Feature) -> _Cast:
    whole = feature.dtype == "int64"
    wide = pa.int64() if whole else pa.float64()
    if _is_text(column):
        good = pc.match_substring_regex(column, _INTEGER if whole else _NUMBER)
        text = pc.utf8_trim_whitespace(pc.if_else(good, column, pa.scalar(None, column.type)))
        if whole:
            text = pc.replace_substring_regex(text, r"\.0*$", "")
        values = pc.replace_substring_regex(text, r"^\+", "").cast(wide)
    elif whole and pa.types.is_floating(column.type):
        values = pc.if_else(pc.equal(pc.trunc(column), column), column, None).cast(wide, safe=False)
    elif pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        values = column.cast(wide, safe=False)
    else:
        values = pa.nulls(len(column), wide)
    rule, bad = _range_rule(values, feature, "a whole number" if whole else "a finite number")
    if not whole:
        bad = pc.or_(bad, pc.invert(pc.is_finite(values)))
        narrow = values.cast(pa.float32(), safe=False)
        bad = pc.or_(bad, pc.invert(pc.is_finite(narrow)))
        values = narrow
    return _Cast(values, bad, rule)


def _time(column: pa.Array, feature: Feature) -> _Cast:
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        values = column.cast(pa.timestamp("us")).cast(pa.int64())
        values = pc.floor(pc.divide(values.cast(pa.float64(), safe=False), 1e6)).cast(pa.int64())
    elif _is_text(column):
        seconds = _number(column, feature).values
        iso = pc.match_substring_regex(column, _ISO_TIME)
        if pc.any(iso, min_count=0).as_py():
            seconds = pc.coalesce(seconds, _iso_seconds(column, iso))
        values = seconds
    else:
        values = _number(column, feature).values
    rule, bad = _range_rule(values, feature, "a time, as whole seconds since 1970 or as ISO 8601")
    return _Cast(values, bad, rule)


def _iso_seconds(column: pa.Array, iso: pa.Array) -> pa.Array:
    """Seconds of the ISO 8601 times; a date that does not exist gives null, a time without zone is UTC."""
    import pandas as pd

    texts = pc.if_else(iso, column, pa.scalar(None, column.type)).to_pandas()
    times = pd.to_datetime(texts, errors="coerce", utc=True, format="ISO8601")
    seconds = (times - pd.Timestamp(0, tz="UTC")) // pd.Timedelta(seconds=1)
    return pa.array(seconds.astype("Int64"), pa.int64(), from_pandas=True)


def _sequence(column: pa.Array, feature: Feature) -> _Cast:
    scalar = SCALARS[feature.dtype]
    if _is_text(column):
        trimmed = pc.utf8_trim_whitespace(column)
        parts = pc.split_pattern(trimmed, feature.separator)
        empty = pc.equal(trimmed, "")
        column = pc.if_else(pc.fill_null(empty, False), pa.scalar([], pa.list_(pa.string())), parts)
    if not (pa.types.is_list(column.type) or pa.types.is_large_list(column.type)):
        return _Cast(pa.nulls(len(column), pa.list_(scalar)), _none(column), "must be a list")
    column = column.cast(pa.list_(column.type.value_type))
    lists = column if not column.offset else pa.concat_arrays([column])
    element = feature.model_copy(update={"kind": Kind.TEXT if feature.dtype == "string" else Kind.NUMBER})
    inner = _CASTS[element.kind, element.dtype](lists.flatten(), element)
    bad_element = pc.fill_null(pc.or_(inner.bad, pc.is_null(inner.values)), True)
    parents = pc.list_parent_indices(lists)
    bad = np.zeros(len(lists), bool)
    bad[parents.to_numpy()[bad_element.to_numpy(zero_copy_only=False)]] = True
    offsets = np.concatenate([[0], np.cumsum(pc.fill_null(pc.list_value_length(lists), 0).to_numpy())])
    mask = pc.is_null(lists)
    values = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), inner.values, mask=mask)
    return _Cast(values, pa.array(bad), f"must be a list whose every element is {inner.rule.removeprefix('must be ')}")


def _range_rule(values: pa.Array, feature: Feature, what: str) -> tuple[str, pa.Array]:
    bad = _none(values)
    limits = []
    if feature.minimum is not None:
        bad = pc.or_(bad, pc.less(values, feature.minimum))
        limits.append(f"at least {feature.minimum:g}")
    if feature.maximum is not None:
        bad = pc.or_(bad, pc.greater(values, feature.maximum))
        limits.append(f"at most {feature.maximum:g}")
    return " and ".join([f"must be {what}", *limits]), bad


def _is_text(column: pa.Array) -> bool:
    return pa.types.is_string(column.type) or pa.types.is_large_string(column.type)


def _none(column: pa.Array) -> pa.Array:
    return pa.array(np.zeros(len(column), bool))


_CASTS: dict[tuple[Kind, str], Callable[[pa.Array, Feature], _Cast]] = {
    (Kind.ID, "string"): _string,
    (Kind.ID, "int64"): _number,
    (Kind.CATEGORY, "string"): _string,
    (Kind.CATEGORY, "int64"): _number,
    (Kind.TEXT, "string"): _string,
    (Kind.NUMBER, "float32"): _number,
    (Kind.NUMBER, "int64"): _number,
    (Kind.TIME, "int64"): _time,
    (Kind.SEQUENCE, "string"): _sequence,
    (Kind.SEQUENCE, "int64"): _sequence,
    (Kind.SEQUENCE, "float32"): _sequence,
}
