"""Signatures are checked before anything is written."""

from pathlib import Path
from typing import Any

import pytest

from gristmill.errors import InputError
from gristmill.lite import Signature, export_saved_model


def double(x: Any) -> dict[str, Any]:
    return {"y": 2 * x}


def signature(name: str = "double", function: Any = double) -> Signature:
    return Signature(name, function, {"x": ((1, 2), "float32")})


@pytest.fixture(scope="module")
def model() -> Any:
    import keras

    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])


@pytest.mark.parametrize("shape", [(None, 2), (-1,), (0, 2), (True,), (2.0,)])
def test_only_static_shapes(shape: Any) -> None:
    with pytest.raises(InputError, match=r"input 'x' of signature 'double' must have a static shape"):
        Signature("double", double, {"x": (shape, "float32")})


def test_names_and_dtypes_are_checked() -> None:
    with pytest.raises(InputError, match=r"must be an identifier. Received: 'top k'"):
        Signature("top k", double, {"x": ((1,), "int32")})
    with pytest.raises(InputError, match=r"unknown dtype of input 'x' .*'int33'; did you mean 'int32'"):
        Signature("double", double, {"x": ((1,), "int33")})
    with pytest.raises(InputError, match="one dimension, as LiteRT flattens strings"):
        Signature("double", double, {"x": ((1, 1), "string")})
    with pytest.raises(InputError, match="must take the inputs z by keyword"):
        Signature("double", double, {"z": ((1,), "int32")})
    with pytest.raises(InputError, match="at least one input"):
        Signature("double", double, {})


def test_names_of_inputs_and_outputs_survive(model: Any, tmp_path: Path) -> None:
    import tensorflow as tf

    def predict(b: Any, a: Any) -> dict[str, Any]:
        return {"sum": model(a) + b, "a_again": a}

    inputs = {"a": ((1, 2), "float32"), "b": ((1, 1), "float32")}
    export_saved_model(model, [Signature("predict", predict, inputs)], tmp_path / "saved")
    entry = tf.saved_model.load(str(tmp_path / "saved")).signatures["predict"]
    assert sorted(entry.structured_input_signature[1]) == ["a", "b"]
    assert sorted(entry.structured_outputs) == ["a_again", "sum"]
    assert [path.name for path in tmp_path.iterdir()] == ["saved"]


def test_signatures_must_differ_and_must_exist(model: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Received: \[\]"):
        export_saved_model(model, [], tmp_path / "saved")
    with pytest.raises(InputError, match=r"Received: \['double', 'double'\]"):
        export_saved_model(model, [signature(), signature()], tmp_path / "saved")


def test_a_folder_is_never_overwritten(model: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must not exist yet"):
        export_saved_model(model, [signature()], tmp_path)


def test_a_model_must_be_built(tmp_path: Path) -> None:
    import keras

    with pytest.raises(InputError, match=r"built before it is exported. Received: late, not built"):
        export_saved_model(keras.Sequential([keras.layers.Dense(1)], name="late"), [signature()], tmp_path / "a")


def test_outputs_must_be_named(model: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must return a dict of named tensors"):
        export_saved_model(model, [signature(function=lambda x: x)], tmp_path / "saved")
    assert not list(tmp_path.iterdir())
