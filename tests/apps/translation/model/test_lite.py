"""The lite file: its signatures give the pieces that the float model gives, and streaming gives them one by one."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from apps.translation.config import DecodingConfig, NetworkConfig
from apps.translation.decoding import ModelEngine
from apps.translation.decoding.engine import request, without_padding
from apps.translation.decoding.signatures import signatures
from apps.translation.lite_engine import LiteEngine
from apps.translation.model import Transformer, new_transformer
from apps.translation.pieces import BEGIN, END, PAD
from gristmill.lite import LiteModel, convert_all, export_saved_model

pytestmark = pytest.mark.slow

DECODING = DecodingConfig(beam=3, source_pieces=12, target_pieces=10)
random = np.random.default_rng(8)
SOURCES = [random.integers(4, 11, size).tolist() for size in (1, 2, 3, 5, 7, 8, 11)]


@pytest.fixture(scope="module")
def files(network: Transformer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, LiteModel]:
    folder = tmp_path_factory.mktemp("lite")
    saved = export_saved_model(network, signatures(network, DECODING), folder / "saved_model")
    made = convert_all(saved, folder, "translate", ["f32", "dynamic", "int8_weights"])
    return {name: LiteModel(path) for name, path in made.items()}


def streamed(model: LiteModel, source: Sequence[int]) -> list[int]:
    """Greedy search by the encoder and single steps."""
    given = request(source, DECODING.source_pieces)
    read = model("encode", source=given["source"])
    kinds = model.signatures["step"].inputs
    cache = {name: np.zeros(kinds[name].shape, np.float32) for name in ("keys", "values")}
    found = [BEGIN]
    while len(found) <= DECODING.target_pieces:
        place = np.array([len(found) - 1], np.int32)
        made = model("step", piece=np.array(found[-1:], np.int32), place=place, **cache, **read)
        np.testing.assert_allclose(np.exp(made["scores"]).sum(), 1, atol=1e-3)
        np.testing.assert_allclose(made["attention"].sum(), 1, atol=1e-3)
        np.testing.assert_allclose(made["attention"][0, len(source) + 1 :], 0, atol=1e-6)
        cache = {name: made[name] for name in cache}
        made["scores"][0, [PAD, BEGIN]] = -np.inf
        best = int(made["scores"][0].argmax())
        if best == END:
            break
        found.append(best)
    return found[1:]


@pytest.fixture(scope="module")
def rounded() -> Transformer:
    """A network large enough for products in 8 bits, whose weights are rounded."""
    keras.utils.set_random_seed(5)
    model = new_transformer(600, NetworkConfig(width=64, feed_forward=512), dropout=0.0)
    for variable in model.trainable_variables:
        variable.assign(variable.numpy() + random.normal(scale=0.3, size=variable.shape))
    model.round_weights()
    return model


def test_a_file_that_multiplies_in_8_bits_gives_the_same_pieces(rounded: Transformer, tmp_path: Path) -> None:
    saved = export_saved_model(rounded, signatures(rounded, DECODING), tmp_path / "saved_model")
    made = convert_all(saved, tmp_path, "translate", ["int8_weights"])
    sources = random.integers(4, 600, (30, 6)).tolist()
    for beam in (1, 3):
        wanted = ModelEngine(rounded, DECODING).translate(sources, beam)
        assert LiteEngine(LiteModel(made["int8_weights"])).translate(sources, beam) == wanted
        assert len({tuple(row) for row in wanted}) > 9


@pytest.mark.parametrize("beam", [1, 3])
def test_a_float_file_gives_the_same_pieces(files: dict[str, LiteModel], network: Transformer, beam: int) -> None:
    wanted = ModelEngine(network, DECODING).translate(SOURCES, beam)
    assert LiteEngine(files["f32"]).translate(SOURCES, beam) == wanted
    assert len({tuple(row) for row in wanted}) > 2


def test_streaming_gives_the_same_pieces(files: dict[str, LiteModel]) -> None:
    for model in files.values():
        assert [streamed(model, source) for source in SOURCES] == LiteEngine(model).translate(SOURCES, 1)


def test_scores_of_a_beam_are_those_of_the_float_model(files: dict[str, LiteModel], network: Transformer) -> None:
    beam = next(one for one in signatures(network, DECODING) if one.name == "beam")
    for source in SOURCES:
        given = request(source, DECODING.source_pieces)
        wanted = tf.function(beam.function)(**{name: tf.constant(value) for name, value in given.items()})
        found = files["f32"]("beam", **given)
        np.testing.assert_array_equal(found["pieces"], wanted["pieces"])
        np.testing.assert_allclose(found["scores"], wanted["scores"], atol=1e-4)
        assert without_padding(found["pieces"][0, 0]) == LiteEngine(files["f32"]).translate([source], 3)[0]
