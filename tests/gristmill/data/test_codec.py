"""Our tf.train.Example bytes mean what TensorFlow reads in them, and come back as they went."""

import math
import os
import subprocess
import sys
from contextlib import suppress
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.data.codec import decode, encode, names, parse_spec
from gristmill.data.codec.frames import split_frames
from gristmill.data.dataset import arrow_type
from gristmill.data.plan import Layout
from gristmill.errors import InputError, IntegrityError
from gristmill.schema import Feature, Kind, Schema

LONG = "µ" * 200
FEATURES = (
    Feature(name="text", kind=Kind.TEXT),
    Feature(name="whole", kind=Kind.ID, dtype="int64"),
    Feature(name="number", kind=Kind.NUMBER),
    Feature(name="texts", kind=Kind.SEQUENCE),
    Feature(name="wholes", kind=Kind.SEQUENCE, dtype="int64"),
    Feature(name="numbers", kind=Kind.SEQUENCE, dtype="float32"),
    Feature(name="pair", kind=Kind.SEQUENCE, dtype="float32", shape=(2,)),
    Feature(name=LONG, kind=Kind.SEQUENCE, shape=(None, None)),
    Feature(name=f"{LONG}2", kind=Kind.SEQUENCE, dtype="int64", shape=(None, None)),
    Feature(name="n", kind=Kind.SEQUENCE, dtype="float32", shape=(None, None)),
)
SCHEMA = Schema(features=FEATURES)
ARROW = pa.schema([(feature.name, arrow_type(feature)) for feature in FEATURES])
PLAIN, PACKED = Layout(), Layout(kind="packed", rows=3)
LAYOUTS = pytest.mark.parametrize("layout", [PLAIN, PACKED], ids=lambda layout: layout.kind)

_VALUES = {
    "string": st.text(max_size=8) | st.sampled_from(["x" * 127, "y" * 128, "é" * 9000]),
    "int64": st.integers(-(2**63), 2**63 - 1) | st.sampled_from([-(2**63), 2**63 - 1, -1, 0, 127, 128]),
    "float32": st.floats(width=32, allow_nan=False) | st.sampled_from([0.0, -0.0, math.inf, -math.inf]),
}


def values_of(feature: Feature) -> st.SearchStrategy[Any]:
    made = _VALUES[feature.dtype]
    for size in reversed(feature.shape):
        made = st.lists(made, min_size=size or 0, max_size=size or 4)
    return st.none() | made


ROWS = st.lists(st.fixed_dictionaries({feature.name: values_of(feature) for feature in FEATURES}), max_size=8)


def table_of(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, ARROW)


@LAYOUTS
@settings(max_examples=100, deadline=None)
@given(rows=ROWS)
def test_what_goes_in_comes_out(layout: Layout, rows: list[dict[str, Any]]) -> None:
    table = table_of(rows)
    back = decode(encode(table, layout), ARROW, layout)
    back.validate(full=True)
    assert back.equals(table)
    assert repr(back.to_pylist()) == repr(table.to_pylist())  # -0.0 is not 0.0


def records_of(table: pa.Table, layout: Layout) -> list[bytes]:
    frames = split_frames(encode(table, layout))
    return [frames.data[a:b].tobytes() for a, b in zip(frames.starts, frames.stops, strict=True)]


@settings(max_examples=60, deadline=None)
@given(rows=ROWS)
def test_tensorflow_finds_each_feature_in_a_plain_record(rows: list[dict[str, Any]]) -> None:
    import tensorflow as tf

    for record, row in zip(records_of(table_of(rows), PLAIN), table_of(rows).to_pylist(), strict=True):
        expected = tf.train.Example()
        expected.features.SetInParent()
        for feature in FEATURES:
            value = row[feature.name]
            if value is not None:
                if feature.nested:
                    lengths = expected.features.feature[names.row_lengths(feature.name)].int64_list
                    lengths.SetInParent()
                    lengths.value.extend(map(len, value))
                    value = [leaf for inner in value for leaf in inner]
                _fill(expected.features.feature[feature.name], feature, value if feature.shape else [value])
        assert tf.train.Example.FromString(record) == expected


def _fill(made: Any, feature: Feature, values: list[Any]) -> None:
    if feature.dtype == "string":
        made.bytes_list.SetInParent()
        made.bytes_list.value.extend(value.encode() for value in values)
    elif feature.dtype == "int64":
        made.int64_list.SetInParent()
        made.int64_list.value.extend(values)
    else:
        made.float_list.SetInParent()
        made.float_list.value.extend(values)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS.filter(bool))
def test_stock_parsing_reads_plain_records(rows: list[dict[str, Any]]) -> None:
    import tensorflow as tf

    parsed = tf.io.parse_example(tf.constant(records_of(table_of(rows), PLAIN)), parse_spec(SCHEMA))
    read = table_of(rows).to_pylist()
    for feature in FEATURES:
        empty: Any = {"string": "", "int64": 0, "float32": math.nan}[feature.dtype]
        if feature.shape:
            empty = [empty] * (feature.shape[0] or 0)
        found = parsed[feature.name]
        found = found.to_list() if isinstance(found, tf.RaggedTensor) else found.numpy().tolist()
        assert repr(_text(found)) == repr([empty if row[feature.name] is None else row[feature.name] for row in read])


def _text(value: Any) -> Any:
    if isinstance(value, list):
        return [_text(part) for part in value]
    return value.decode() if isinstance(value, bytes) else value


def test_a_pack_is_the_example_that_the_description_promises() -> None:
    import tensorflow as tf

    table = pa.table({"a": ["x", None, "z"], "b": [[1], None, []], "c": [[[1.5], []], [], None]})
    table = table.cast(pa.schema([("a", pa.string()), ("b", ARROW.field("wholes").type), ("c", ARROW.field("n").type)]))
    (record,) = records_of(table, PACKED)
    features = tf.train.Example.FromString(record).features.feature
    assert {
        name: list(value.bytes_list.value or value.int64_list.value or value.float_list.value)
        for name, value in features.items()
    } == {
        "__rows__": [3],
        "a": [b"x", b"", b"z"], "__missing__/a": [1],
        "b": [1], "__lengths__/b": [1, 0, 0], "__missing__/b": [1],
        "c": [1.5], "__row_lengths__/c": [1, 0], "__lengths__/c": [2, 0, 0], "__missing__/c": [2],
    }  # fmt: skip


@LAYOUTS
def test_slices_chunks_and_an_order_are_written_as_they_read(layout: Layout) -> None:
    rows = [
        {"text": f"t{i}" if i % 5 else None, "numbers": [float(i)] * (i % 3), "n": [[1.0] * (i % 2), []]}
        for i in range(10)
    ]
    whole = table_of([*rows, {}])
    table = pa.concat_tables([whole.slice(2, 3), whole.slice(1, 1), whole.slice(7)])
    assert decode(encode(table, layout), ARROW, layout).equals(table.combine_chunks())
    order = np.array([7, 0, 0, 3, 2])
    assert decode(encode(table, layout, order), ARROW, layout).equals(table.take(order).combine_chunks())
    assert len(encode(table, layout, order[:0])) == 0
    assert decode(encode(table.slice(1), layout).tobytes(), ARROW, layout).equals(table.slice(1).combine_chunks())


@LAYOUTS
def test_values_under_a_null_list_are_not_written(layout: Layout) -> None:
    hidden = pa.ListArray.from_arrays([0, 2, 3], pa.array([1, 2, 3]), mask=pa.array([True, False]))
    table = pa.table({"wholes": hidden})
    assert decode(encode(table, layout), table.schema, layout).to_pylist() == [{"wholes": None}, {"wholes": [3]}]


@LAYOUTS
def test_more_rows_than_a_block_holds(layout: Layout) -> None:
    table = pa.table({"whole": pa.array(range(10_000)), "text": [str(i) for i in range(10_000)]})
    large = table.cast(pa.schema([("whole", pa.int64()), ("text", pa.large_string())]))
    assert decode(encode(large, layout), table.schema, layout).equals(table)


@pytest.mark.parametrize("order", [[-1], [3], [0, 9]])
def test_an_order_names_rows_that_are_there(order: list[int]) -> None:
    with pytest.raises(InputError, match="order must name rows below 3"):
        encode(pa.table({"a": [1, 2, 3]}), PLAIN, np.array(order))


@pytest.mark.parametrize("column", [pa.array([True]), pa.array([1.5]), pa.array([[None]], pa.list_(pa.int64()))])
@LAYOUTS
def test_other_types_are_refused_by_name(layout: Layout, column: pa.Array) -> None:
    with pytest.raises(InputError, match=r"^odd: "):
        encode(pa.table({"odd": column}), layout)


def test_features_that_are_not_asked_for_are_passed_over() -> None:
    frames = encode(pa.table({"a": [1], "b": ["x"]}), PLAIN)
    schema = pa.schema([("b", pa.string()), ("c", pa.int64())])
    assert decode(frames, schema, PLAIN).to_pylist() == [{"b": "x", "c": None}]
    packs = encode(pa.table({"a": [1], "b": ["x"]}), PACKED)
    assert decode(packs, schema.remove(1), PACKED).to_pylist() == [{"b": "x"}]


@LAYOUTS
def test_one_layout_is_not_read_as_the_other_nor_a_column_as_another_type(layout: Layout) -> None:
    other = PACKED if layout is PLAIN else PLAIN
    table = pa.table({"a": [1, 2]})
    with pytest.raises(IntegrityError, match=r"record 0 is not a tf\.train\.Example of this schema"):
        decode(encode(table, layout), table.schema, other)
    with pytest.raises(IntegrityError, match="record 0 is not"):
        decode(encode(table, layout), pa.schema([("a", pa.string())]), layout)


@LAYOUTS
def test_every_cut_and_every_flipped_bit_is_noticed(layout: Layout) -> None:
    frames = encode(table_of([{"text": "a", "n": [[1.0], []]}, {"whole": 5, "pair": [1.0, 2.0]}]), layout)
    for size in range(1, len(frames)):
        if size not in split_frames(frames).stops + 4:
            with pytest.raises(IntegrityError, match=r"record \d is cut"):
                decode(frames[:size], ARROW, layout)
    for bit in range(8 * len(frames)):
        harmed = frames.copy()
        harmed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(IntegrityError, match=r"record \d is cut"):
            decode(harmed, ARROW, layout)


@pytest.mark.parametrize("record", [b"\x0a", b"\x0a\x05\x0a", b"\x0b", b"\xff" * 12, b"\x0a\x02\x0a\x00"])
@LAYOUTS
def test_bytes_that_are_no_example_are_refused(layout: Layout, record: bytes) -> None:
    with pytest.raises(IntegrityError, match=r"record 0 is not a tf\.train\.Example"):
        decode(framed(record), ARROW, layout)


def framed(record: bytes) -> np.ndarray[Any, Any]:
    from gristmill.data.codec.frames import seal

    out = np.zeros(len(record) + 16, np.uint8)
    out[12:-4] = np.frombuffer(record, np.uint8)
    seal(out, np.array([0, len(out)]))
    return out


@LAYOUTS
@settings(max_examples=150, deadline=None)
@given(rows=ROWS.filter(bool), data=st.data())
def test_a_wrong_example_under_a_right_checksum_never_reads_beyond_its_end(
    layout: Layout, rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    record = bytearray(records_of(table_of(rows), layout)[0])
    for _ in range(data.draw(st.integers(1, 3))):
        record[data.draw(st.integers(0, len(record) - 1))] = data.draw(st.integers(0, 255))
    with suppress(IntegrityError):
        decode(framed(bytes(record)), ARROW, layout).validate()


def test_checksums_are_those_of_the_peer() -> None:
    import google_crc32c

    for size in (0, 1, 7, 8, 9, 1000):
        data = np.random.default_rng(size).integers(0, 256, size, dtype=np.uint8).tobytes()
        crc = google_crc32c.value(data)
        masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
        assert framed(data)[-4:].tobytes() == masked.to_bytes(4, "little")


def test_without_the_processors_checksum_the_tables_give_the_same() -> None:
    code = "from gristmill.data.codec import encode; from gristmill.data.plan import Layout; import pyarrow as pa\n"
    code += "print(encode(pa.table({'a': ['x' * 99]}), Layout()).tobytes().hex())"
    generic = {**os.environ, "NUMBA_CPU_NAME": "generic"}
    done = subprocess.run([sys.executable, "-c", code], env=generic, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == encode(pa.table({"a": ["x" * 99]}), PLAIN).tobytes().hex()


def test_a_place_for_the_compiled_code_is_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    from gristmill.data.codec.compiled import compiled

    def double(value: int) -> int:
        return 2 * value

    monkeypatch.setattr("numba.core.caching.CacheImpl._locator_classes", [])
    assert compiled(double)(4) == 8
