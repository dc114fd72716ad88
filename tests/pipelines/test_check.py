"""Every kind of feature: which values are good, what they become, and that a bad one costs its record only."""

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from gristmill.schema import Feature, Missing, Schema
from pipelines.check import arrow_schema, check
from pipelines.sources import POSITION, Block

BAD = object()
"""Stands for a value that must be rejected."""


def checked(feature: Feature, values: pa.Array) -> list[Any]:
    """What each value became, or `BAD`."""
    batch = pa.RecordBatch.from_arrays([pa.array(np.arange(1, len(values) + 1)), values], [POSITION, "x"])
    done = check(Block(batch, None), Schema(features=(feature,)))
    assert done.batch.schema == arrow_schema(Schema(features=(feature,)))
    done.batch.validate(full=True)
    good = dict(zip(done.batch.column(POSITION).to_pylist(), done.batch.column("x").to_pylist(), strict=True))
    bad = [position for position, _, _ in done.rejected]
    assert sorted([*good, *bad]) == list(range(1, len(values) + 1))
    return [good.get(position, BAD) for position in range(1, len(values) + 1)]


def feature(kind: str, **settings: Any) -> Feature:
    return Feature.model_validate({"name": "x", "kind": kind, **settings})


def _named(item: Any) -> str:
    """How a case is called in pytest's list."""
    if isinstance(item, Feature):
        return f"{item.kind} {item.dtype}"
    return str(item.type) if isinstance(item, pa.Array) else ""


TEXTS: list[tuple[Feature, dict[str, Any]]] = [
    (feature("id"), {"u1": "u1", " u1 ": " u1 ", "007": "007", "": BAD, " ": BAD}),
    (feature("text"), {"": "", "a\nb": "a\nb"}),
    (feature("category", values=("a", "b")), {"a": "a", "A": BAD, "": BAD}),
    (feature("id", dtype="int64"), {"7": 7, "-7": -7, "007": BAD, "+7": BAD, "1.0": BAD, " 7": BAD, "x": BAD}),
    (feature("category", dtype="int64", values=("0", "1")), {"0": 0, "1": 1, "2": BAD, "01": BAD}),
    (
        feature("number", dtype="int64"),
        {
            "9007199254740993": 2**53 + 1,
            "9223372036854775807": 2**63 - 1,
            "-9223372036854775808": -(2**63),
            "9223372036854775808": BAD,
            "99999999999999999999": BAD,
            "007": 7,
            "+7": 7,
            " 7 ": 7,
            "7.": 7,
            "7.00": 7,
            "7.5": BAD,
            "1e3": BAD,
            "": BAD,
            "٧": BAD,
        },
    ),
    (
        feature("number"),
        {
            "1.5": 1.5,
            ".5": 0.5,
            "-5.": -5.0,
            "+1e2": 100.0,
            " 3 ": 3.0,
            "-0.0": -0.0,
            "1e-60": 0.0,
            "1e39": BAD,
            "1e400": BAD,
            "1" * 400: BAD,
            "nan": BAD,
            "inf": BAD,
            "0x1": BAD,
            "1_0": BAD,
            "1,5": BAD,
            "": BAD,
        },
    ),
    (
        feature("time"),
        {
            "0": 0,
            "-1": -1,
            "881250949.0": 881250949,
            "881250949.9": 881250949,
            "-0.5": -1,
            "1970-01-01": 0,
            "1970-01-01T00:00:01Z": 1,
            "1970-01-01 00:00": 0,
            "1970-01-01T01:00:00+01:00": 0,
            "1970-01-01 00:00:00+00": 0,
            "1970-01-01T00:00:00-0130": 5400,
            "1969-12-31T23:59:59.5": -1,
            " 2000-02-29 ": 951782400,
            "0001-01-01": -62135596800,
            "9999-12-31T23:59:59Z": 253402300799,
            "1970-13-01": BAD,
            "1999-02-29": BAD,
            "yesterday": BAD,
            "01/02/2003": BAD,
            "1700000000000": BAD,
            "": BAD,
        },
    ),
    (
        feature("sequence", separator="|"),
        {"a|b": ["a", "b"], " a|b ": [" a", "b "], "a": ["a"], "": [], "a||b": ["a", "", "b"]},
    ),
    (feature("sequence"), {"a b": ["a", "b"], " a b ": ["a", "b"], " ": []}),
    (feature("sequence", dtype="int64"), {"1 2": [1, 2], "1 x": BAD, "1 2.5": BAD, "": []}),
    (feature("sequence", dtype="float32", minimum=0), {"1 2.5": [1.0, 2.5], "1 -1": BAD, "1 inf": BAD, "1  2": BAD}),
]


@pytest.mark.parametrize("text_type", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())], ids=str)
@pytest.mark.parametrize(("of", "cases"), TEXTS, ids=_named)
def test_texts(of: Feature, cases: dict[str, Any], text_type: pa.DataType) -> None:
    assert checked(of, pa.array(list(cases), pa.string()).cast(text_type)) == list(cases.values())


DAY = datetime(2000, 1, 2, 3, 4, 5, tzinfo=UTC)
TYPED: list[tuple[Feature, pa.Array, list[Any]]] = [
    (feature("id"), pa.array([1, -2]), ["1", "-2"]),
    (feature("id"), pa.array([1.0, 2.5]), [BAD, BAD]),
    (feature("id"), pa.array([True]), ["true"]),
    (feature("id"), pa.array([Decimal("12")]), ["12"]),
    (feature("id"), pa.array([b"x"]), [BAD]),
    (feature("id"), pa.array([["x"]]), [BAD]),
    (feature("id"), pa.array([{"a": 1}]), [BAD]),
    (feature("text"), pa.array([date(2000, 1, 2)]), ["2000-01-02"]),
    (feature("text"), pa.array([1], pa.duration("s")), [BAD]),
    (feature("number"), pa.array([1.5, math.nan, math.inf, 1e39]), [1.5, BAD, BAD, BAD]),
    (feature("number"), pa.array([1.5], pa.float16()), [1.5]),
    (feature("number"), pa.array([Decimal("1.50"), Decimal("-2.00")]), [1.5, -2.0]),
    (feature("number"), pa.array([True]), [BAD]),
    (feature("number"), pa.array([DAY]), [BAD]),
    (feature("number", dtype="int64"), pa.array([2**63 - 1, 2**63], pa.uint64()), [2**63 - 1, BAD]),
    (feature("number", dtype="int64"), pa.array([1.0, 1.5, 1e300, math.inf, math.nan]), [1, BAD, BAD, BAD, BAD]),
    (feature("number", dtype="int64"), pa.array([2.0], pa.float16()), [2]),
    (feature("number", dtype="int64"), pa.array([Decimal("7.00"), Decimal("7.10")]), [7, BAD]),
    (feature("time"), pa.array([1_999_999_999, -1], pa.timestamp("ns")), [1, -1]),
    (feature("time"), pa.array([DAY], pa.timestamp("us", tz="Europe/Berlin")), [946782245]),
    (feature("time"), pa.array([10**15], pa.timestamp("s")), [BAD]),
    (feature("time"), pa.array([date(1970, 1, 2)]), [86400]),
    (feature("time"), pa.array([1.9, -0.1, math.nan]), [1, -1, BAD]),
    (feature("time"), pa.array([5], pa.int8()), [5]),
    (feature("sequence"), pa.array([["a", None], ["a"], []]), [BAD, ["a"], []]),
    (feature("sequence"), pa.array([[["a"]]]), [BAD]),
    (feature("sequence"), pa.array([["a", "b"]], pa.large_list(pa.large_string())), [["a", "b"]]),
    (feature("sequence"), pa.array([["a"]], pa.list_(pa.dictionary(pa.int8(), pa.string()))), [["a"]]),
    (feature("sequence", dtype="float32"), pa.array([[1.0, 2.0], None], pa.list_(pa.float64(), 2)), [[1.0, 2.0], BAD]),
    (feature("sequence", dtype="float32"), pa.array([[1.0], [math.nan, 1.0]]), [[1.0], BAD]),
    (feature("sequence", dtype="int64"), pa.array([[1], [2, 3], [4], []])[1:], [[2, 3], [4], []]),
    (feature("sequence"), pa.array([5]), [BAD]),
]  # fmt: skip


@pytest.mark.parametrize(("of", "values", "expected"), TYPED, ids=_named)
def test_typed_columns(of: Feature, values: pa.Array, expected: list[Any]) -> None:
    assert checked(of, values) == expected


@pytest.mark.parametrize("kind", ["id", "category", "number", "text", "time", "sequence"])
def test_missing_values_follow_the_policy(kind: str) -> None:
    values = pa.array([None, "1"], pa.string())
    assert checked(feature(kind), values)[0] is BAD
    assert checked(feature(kind, missing=Missing.KEEP), values)[0] is None
    assert checked(feature(kind, missing=Missing.KEEP), values)[1] is not BAD


def test_minus_zero_keeps_its_sign() -> None:
    assert math.copysign(1, checked(feature("number"), pa.array(["-0.0"]))[0]) == -1


@pytest.mark.parametrize(
    ("of", "good", "bad"),
    [
        (feature("number", minimum=0.1, maximum=5), ["0.1", "5"], ["0.09999999", "5.000001"]),
        (feature("number", dtype="int64", minimum=0.5, maximum=2**53), ["1", str(2**53)], ["0", str(2**53 + 1)]),
        (feature("time", minimum=0, maximum=86400), ["1970-01-02"], ["-1", "1970-01-02T00:00:01"]),
        (feature("id", dtype="int64", minimum=2**60), [str(2**60)], [str(2**60 - 1)]),
    ],
)
def test_ranges_are_exact_and_inclusive(of: Feature, good: list[str], bad: list[str]) -> None:
    assert BAD not in checked(of, pa.array(good))
    assert checked(of, pa.array(bad)) == [BAD] * len(bad)


def test_the_reason_names_feature_rule_and_value() -> None:
    schema = Schema(
        features=(
            feature("number", name="rating", minimum=1, maximum=1_000_000),
            feature("time", name="time"),
            feature("sequence", name="tags", dtype="int64", missing="keep"),
        )
    )
    columns = {
        "rating": pa.array(["1", "0", None]),
        "time": pa.array(["0", "x" * 100, "0"]),
        "tags": pa.array([None, "1", "a"]),
    }
    batch = pa.RecordBatch.from_pydict({POSITION: pa.array([2, 3, 4]), **columns})
    raw = pa.array([b"one", b"two", b"three"], pa.large_binary())
    done = check(Block(batch, raw, ((9, "no record", b"?"),)), schema)
    assert done.batch.to_pylist() == [{POSITION: 2, "rating": 1.0, "time": 0, "tags": None}]
    range_rule = "`rating` must be a finite number and at least 1 and at most 1000000 and present"
    assert done.rejected == (
        (9, "no record", b"?"),
        (
            3,
            f"{range_rule}. Received: '0'; `time` must be a time, as seconds since 1970 or as ISO 8601 and present. "
            f"Received: '{'x' * 76}...",
            b"two",
        ),
        (
            4,
            f"{range_rule}. Received: None; `tags` must be a list whose every element is a whole number. Received: 'a'",
            b"three",
        ),
    )


def test_a_record_that_is_not_text_is_kept_as_json() -> None:
    columns = {"x": pa.array([10**15], pa.timestamp("s")), "y": pa.array(["ü"])}
    batch = pa.RecordBatch.from_pydict({POSITION: pa.array([1]), **columns})
    schema = Schema(features=(feature("time"), feature("number", name="y")))
    ((_, _, record),) = check(Block(batch, None), schema).rejected
    assert record.decode() == '{"x": "<value out of range: 1000000000000000>", "y": "ü"}'


def test_no_records_are_no_problem() -> None:
    assert checked(feature("number"), pa.array([], pa.string())) == []
    assert checked(feature("time"), pa.array([], pa.string())) == []
    assert checked(feature("sequence"), pa.array([], pa.string())) == []
