"""Formats, records and times; and the room stays free of TensorFlow."""

import hashlib
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gristmill.errors import InputError, IntegrityError, ParityError
from gristmill.lite import (
    FORMATS,
    Difference,
    Latency,
    LiteRecord,
    check_weights,
    choose_formats,
    count_weights,
    measure,
    read_bundle,
    record_file,
)


def test_the_room_opens_without_tensorflow() -> None:
    code = (
        "import gristmill.lite, gristmill.lite.converter, sys;"
        "assert not {'tensorflow', 'keras', 'ai_edge_litert', 'apache_beam'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_formats_are_read_in_order_and_once() -> None:
    assert choose_formats("auto") == ("f32", "f16", "dynamic")
    assert choose_formats("dynamic,auto", ["f32", "dynamic"]) == ("dynamic", "f32")
    assert choose_formats("dynamic, f32,dynamic") == ("dynamic", "f32")


def test_unknown_formats_get_the_nearest() -> None:
    with pytest.raises(InputError, match="unknown lite format 'dynamc'; did you mean 'dynamic'"):
        choose_formats("auto,dynamc")
    with pytest.raises(InputError, match="at least one of f32, f16, dynamic, int8_weights"):
        choose_formats(" , ")


def test_every_row_is_measured(converted: Any) -> None:
    rows = [{"history": row} for row in converted.histories]
    found = measure(converted.load(), "recommend", rows, warmup=1, seconds=0)
    assert (found.runs, found.threads) == (len(rows), 1)
    assert 0 < found.p50_us <= found.p90_us
    with pytest.raises(InputError, match="at least one row"):
        measure(converted.load(), "recommend", [])


def test_weights_are_counted_in_every_format(converted: Any) -> None:
    for name in FORMATS:
        model = read_bundle(converted.file("retrieval", name)).model
        check_weights(model, converted.weights, name)
        with pytest.raises(ParityError, match=f"^{name} is refused: it holds .* of the 100,000 weights"):
            check_weights(model, 100_000, name)


def test_what_is_no_flatbuffer_is_not_counted() -> None:
    with pytest.raises(IntegrityError, match="the model is not a whole TFLite file"):
        count_weights(b"<html>")


def test_a_record_comes_back_equal_from_json(tmp_path: Path) -> None:
    (tmp_path / "a.tflite").write_bytes(b"abc")
    record = record_file(
        tmp_path / "a.tflite",
        "f16",
        metrics={"auc": 0.79},
        agreement=0.99,
        differences={"y": Difference(math.inf, 0.1, 0.0)},
        latency=Latency(20.0, 30.0, 21.5, 100, 1),
    )
    assert (record.file, record.bytes, record.sha256) == ("a.tflite", 3, hashlib.sha256(b"abc").hexdigest())
    assert LiteRecord.model_validate_json(record.model_dump_json()) == record
