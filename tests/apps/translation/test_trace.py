"""A translation looked into: what its decoder says agrees with beam search, and what cannot be traced is told."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from apps.translation.decoding import ModelEngine
from apps.translation.lite_engine import LiteEngine
from apps.translation.opened import OpenedModel
from apps.translation.pieces import BEGIN, END
from apps.translation.trace import trace
from gristmill.errors import InputError

SOURCE = (20, 31, 42, 25)
LIMIT = 40
"""Most pieces that beam search writes for a source as short as this."""


class Counting:
    """A lite file of 8 places each way whose decoder is the surer the later, and looks at one piece after the other."""

    def __init__(self) -> None:
        kinds = {"source": SimpleNamespace(shape=(1, 8))}
        cache = {name: SimpleNamespace(shape=(1, 1, 1, 8, 2)) for name in ("keys", "values")}
        self.path = Path("counting.tflite")
        self.signatures: dict[str, Any] = {
            "encode": SimpleNamespace(inputs=kinds),
            "step": SimpleNamespace(inputs=cache),
        }
        self.read: list[int] = []

    def __call__(self, signature: str, **inputs: Any) -> dict[str, Any]:
        if signature == "encode":
            return {"source_keys": inputs["source"]}
        assert inputs["source_keys"][0].tolist() == [5, 6, END, 0, 0, 0, 0, 0]
        (place,) = inputs["place"]
        assert (inputs["keys"] == place).all()
        self.read.append(int(inputs["piece"][0]))
        probability = (place + 1) / 10
        attention = np.eye(8, dtype=np.float32)[[place]]
        scores = np.full((1, 9), np.log(probability), np.float32)
        return {"scores": scores, "keys": inputs["keys"] + 1, "values": inputs["values"], "attention": attention}


def test_the_decoder_reads_the_translation_a_piece_at_a_time() -> None:
    model = Counting()
    found = trace(model, [5, 6], [7, 8])  # type: ignore[arg-type]
    assert model.read == [BEGIN, 7, 8]
    assert (found.source, found.target) == ((5, 6, END), (7, 8, END))
    assert found.probabilities == pytest.approx([0.1, 0.2, 0.3])
    assert found.attention.tolist() == np.eye(3).tolist()


def test_a_translation_that_fills_all_places_has_no_end() -> None:
    assert trace(Counting(), [5, 6], [7] * 8).target == (7,) * 8  # type: ignore[arg-type]


def test_what_cannot_be_traced_is_told() -> None:
    model: Any = Counting()
    with pytest.raises(InputError, match=r"`source` must have at most 7 pieces\. Received: 8"):
        trace(model, [5] * 8, [])
    with pytest.raises(InputError, match=r"`target` must have at most 8 pieces\. Received: 9"):
        trace(model, [5], [7] * 9)
    del model.signatures["step"]
    with pytest.raises(
        InputError, match=r"counting\.tflite must have the signatures encode and step\. Received: encode"
    ):
        trace(model, [5], [])


@pytest.mark.slow
def test_a_trace_agrees_with_beam_search(engines: tuple[OpenedModel, ModelEngine]) -> None:
    opened, _ = engines
    assert opened.lite
    hypotheses = LiteEngine(opened.lite).hypotheses(SOURCE)
    assert len(hypotheses) == 2 and hypotheses[0].score > hypotheses[1].score
    assert hypotheses[0].pieces == opened.engine.translate([SOURCE], 2)[0]
    for pieces, score in hypotheses:
        found = trace(opened.lite, SOURCE, pieces)
        assert found.attention.shape == (len(pieces) + 1, len(SOURCE) + 1)
        assert found.attention.sum(1) == pytest.approx(np.ones(len(pieces) + 1), abs=1e-5)
        judged = found.probabilities[:LIMIT]  # one that beam search had to stop there has no end
        assert np.log(judged).mean() == pytest.approx(score, abs=0.05)


@pytest.mark.slow
def test_greedy_search_writes_what_is_likeliest(engines: tuple[OpenedModel, ModelEngine]) -> None:
    opened, _ = engines
    assert opened.lite
    (pieces,) = opened.engine.translate([SOURCE], 1)
    likely = trace(opened.lite, SOURCE, pieces).probabilities
    for other in range(14, 60, 5):
        changed = [other, *pieces[1:]]
        assert trace(opened.lite, SOURCE, changed).probabilities[0] <= likely[0]
