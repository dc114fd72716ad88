"""Our tf.train.Example bytes mean what TensorFlow reads in them, and come back as they went."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.data.examples import decode_examples, encode_examples, parse_spec
from gristmill.errors import IntegrityError

SCHEMA = pa.schema(
    [
        ("text", pa.string()),
        ("whole", pa.int64()),
        ("number", pa.float32()),
        ("texts", pa.list_(pa.string())),
        ("wholes", pa.list_(pa.int64())),
        ("numbers", pa.list_(pa.float32())),
    ]
)
_TEXT = st.text(max_size=8) | st.just("x" * 300)
_WHOLE = st.integers(-(2**63), 2**63 - 1) | st.sampled_from([-(2**63), 2**63 - 1, -1, 0, 127, 128])
_NUMBER = st.floats(width=32, allow_nan=False) | st.sampled_from([0.0, -0.0])
_ROW = st.fixed_dictionaries(
    {
        "text": st.none() | _TEXT,
        "whole": st.none() | _WHOLE,
        "number": st.none() | _NUMBER,
        "texts": st.none() | st.lists(_TEXT, max_size=4),
        "wholes": st.none() | st.lists(_WHOLE, max_size=4),
        "numbers": st.none() | st.lists(_NUMBER, max_size=4),
    }
)


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(_ROW, max_size=6))
def test_what_goes_in_comes_out(rows: list[dict[str, Any]]) -> None:
    table = pa.Table.from_pylist(rows, SCHEMA)
    back = decode_examples(encode_examples(table), SCHEMA)
    assert back.equals(table)
    assert repr(back.to_pylist()) == repr(table.to_pylist())  # -0.0 is not 0.0


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(_ROW, min_size=1, max_size=6))
def test_tensorflow_reads_the_same(rows: list[dict[str, Any]]) -> None:
    import tensorflow as tf

    table = pa.Table.from_pylist(rows, SCHEMA)
    records = list(encode_examples(table))
    parsed = tf.io.parse_example(tf.constant(records), parse_spec(SCHEMA))
    for record, row in zip(records, rows, strict=True):
        features = tf.train.Example.FromString(record).features.feature
        assert set(features) == {name for name, value in row.items() if value is not None}
    for name in ("texts", "wholes", "numbers"):
        found = parsed[name].to_list()
        assert repr([[_text(v) for v in row] for row in found]) == repr([row[name] or [] for row in _as_read(table)])
    for name, missing in (("text", ""), ("whole", 0), ("number", float("nan"))):
        found = [_text(value) for value in parsed[name].numpy().tolist()]
        assert repr(found) == repr([missing if row[name] is None else row[name] for row in _as_read(table)])


def _as_read(table: pa.Table) -> list[dict[str, Any]]:
    """The rows with floats as float32 holds them."""
    return table.to_pylist()


def _text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value


def test_slices_and_columns_of_several_chunks_are_encoded_whole() -> None:
    table = pa.concat_tables([pa.table({"a": ["x", None]}), pa.table({"a": ["y", "x"]})])
    schema = pa.schema([("a", pa.string())])
    assert decode_examples(encode_examples(table.slice(1)), schema).to_pylist() == [{"a": None}, {"a": "y"}, {"a": "x"}]


def test_features_that_are_not_asked_for_are_passed_over() -> None:
    records = list(encode_examples(pa.table({"a": [1], "b": ["x"]})))
    schema = pa.schema([("b", pa.string()), ("c", pa.int64())])
    assert decode_examples(records, schema).to_pylist() == [{"b": "x", "c": None}]


@pytest.mark.parametrize("record", [b"\x0a", b"\x0a\x05\x0a", b"\x0b", b"\xff" * 12])
def test_bytes_that_are_no_example_are_refused(record: bytes) -> None:
    with pytest.raises(IntegrityError, match=r"not a tf\.train\.Example"):
        decode_examples([record], SCHEMA)
