"""A lite model says what it takes, and refuses anything else by name."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gristmill.errors import InputError, IntegrityError, WorkError
from gristmill.lite import LiteModel

HISTORY = np.ones((1, 16), np.int32)
ITEMS = np.zeros((1, 5), np.int32)


@pytest.fixture(scope="module")
def model(converted: Any) -> LiteModel:
    loaded: LiteModel = converted.load()
    return loaded


def test_assets_travel_in_the_file(model: LiteModel) -> None:
    assert model.assets["items.txt"] == b"Alien\nBrazil\n"


def test_the_name_may_be_left_out_where_there_is_one_signature(model: LiteModel, converted: Any) -> None:
    ranking = converted.load("ranking")
    row = {"age": np.zeros((1, 1), np.float32), "city": np.array(["Rome"])}
    assert ranking(**row) == ranking("rank", **row)
    with pytest.raises(InputError, match=r"must name one of the signatures .*: recommend, score"):
        model(history=HISTORY)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (
            {"history": HISTORY, "item": ITEMS},
            "unknown input of signature 'score': 'item'; did you mean 'items'",
        ),
        ({"history": HISTORY}, "must get all its inputs. Missing: items"),
        (
            {"history": HISTORY[:, :9], "items": ITEMS},
            r"input 'history' .* must be int32 of shape \(1, 16\). Received: int32 of shape \(1, 9\)",
        ),
        (
            {"history": HISTORY.astype("int64"), "items": ITEMS},
            r"input 'history' .* Received: int64 of shape \(1, 16\)",
        ),
        ({"history": [["a"] * 16], "items": ITEMS}, r"Received: string of shape \(1, 16\)"),
    ],
)
def test_a_bad_input_is_named_with_the_rule(model: LiteModel, inputs: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        model("score", **inputs)


def test_an_unknown_signature_gets_the_nearest(model: LiteModel) -> None:
    with pytest.raises(InputError, match=r"unknown signature of .*'recomend'; did you mean 'recommend'"):
        model("recomend", history=HISTORY)


def test_an_index_outside_its_table_fails_and_the_next_call_works(model: LiteModel) -> None:
    before = model("recommend", history=HISTORY)
    with pytest.raises(WorkError, match=r"retrieval-f32\.tflite failed in signature 'recommend': .*out of bounds"):
        model("recommend", history=HISTORY * 9999)
    np.testing.assert_array_equal(model("recommend", history=HISTORY)["items"], before["items"])


def test_outputs_belong_to_the_caller(model: LiteModel, converted: Any) -> None:
    first = model("recommend", history=converted.histories[0])
    copy = first["scores"].copy()
    model("recommend", history=converted.histories[1])
    np.testing.assert_array_equal(first["scores"], copy)


def test_threads_may_share_a_model(model: LiteModel, converted: Any) -> None:
    rows = list(converted.histories) * 20
    alone = [model("recommend", history=row)["items"] for row in rows]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda row: model("recommend", history=row)["items"], rows))
    np.testing.assert_array_equal(alone, together)


@pytest.mark.parametrize("threads", [0, -1, 1.0, True, None])
def test_threads_must_be_a_positive_integer(converted: Any, threads: Any) -> None:
    with pytest.raises(InputError, match="`threads` must be a positive integer"):
        LiteModel(converted.file("retrieval", "f32"), threads)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.9])
def test_a_cut_file_is_named(converted: Any, tmp_path: Path, share: float) -> None:
    whole = converted.file("retrieval", "f32").read_bytes()
    (tmp_path / "cut.tflite").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(IntegrityError, match=r"^cut\.tflite is"):
        LiteModel(tmp_path / "cut.tflite")


def test_a_changed_weight_is_seen(converted: Any, tmp_path: Path) -> None:
    whole = bytearray(converted.file("retrieval", "f32").read_bytes())
    whole[len(whole) // 2] ^= 1
    (tmp_path / "changed.tflite").write_bytes(whole)
    with pytest.raises(IntegrityError, match=r"^changed\.tflite is changed"):
        LiteModel(tmp_path / "changed.tflite")


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "page.tflite").write_bytes(b"<html>" * 100)
    with pytest.raises(IntegrityError, match=r"page\.tflite is not a whole TFLite file"):
        LiteModel(tmp_path / "page.tflite")
    with pytest.raises(IntegrityError, match=r"none\.tflite cannot be read"):
        LiteModel(tmp_path / "none.tflite")
