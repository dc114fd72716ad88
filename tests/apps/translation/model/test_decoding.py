"""Decoding: with its cache it finds what plain recomputation finds, and a sentence's batch changes nothing."""

import itertools
import re
from collections.abc import Sequence

import numpy as np
import pytest
import tensorflow as tf

from apps.translation.config import DecodingConfig
from apps.translation.decoding import ModelEngine
from apps.translation.decoding.beam import beam_search
from apps.translation.decoding.greedy import greedy
from apps.translation.model import Transformer
from apps.translation.pieces import BEGIN, END, PAD
from gristmill.errors import InputError

SOURCES = [[5, 6, 7], [9], [4, 4, 8, 10, 6], []]
LIMIT, PLACES = 6, 8


def padded(sources: Sequence[Sequence[int]]) -> np.ndarray:
    rows = np.zeros((len(sources), 9), np.int32)
    for row, source in zip(rows, sources, strict=True):
        row[: len(source) + 1] = [*source, END]
    return rows


def chances(network: Transformer, source: Sequence[int], target: Sequence[int]) -> np.ndarray:
    """Log probabilities of the piece after each of `BEGIN` and the target, computed from the start; none is cached."""
    sides = [[*source, END], [BEGIN, *target]]
    inputs = [np.array([row], np.int32) for side in sides for row in (side, [1] * len(side), list(range(len(side))))]
    scores = network.scores(network(inputs)[0]).numpy().astype(np.float64)
    scores[:, [PAD, BEGIN]] = -1e9
    return scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))


def plain_greedy(network: Transformer, source: Sequence[int]) -> list[int]:
    found: list[int] = []
    while len(found) < LIMIT:
        best = int(chances(network, source, found)[-1].argmax())
        if best == END:
            break
        found.append(best)
    return found


def filled(rows: Sequence[Sequence[int]]) -> list[list[int]]:
    return [[*row, *[PAD] * (PLACES - len(row))] for row in rows]


def test_greedy_finds_what_recomputation_finds(network: Transformer) -> None:
    found = greedy(network, padded(SOURCES), LIMIT, PLACES).pieces.numpy()[:, 0]
    assert found.tolist() == filled([plain_greedy(network, source) for source in SOURCES])
    assert len({tuple(row) for row in found.tolist()}) > 1


def test_a_beam_of_one_is_greedy(network: Transformer) -> None:
    wanted = greedy(network, padded(SOURCES), LIMIT, PLACES).pieces
    found = beam_search(network, padded(SOURCES), LIMIT, PLACES, 1, 1.0)
    np.testing.assert_array_equal(found.pieces, wanted)


@pytest.mark.parametrize("beams", [1, 3])
def test_the_size_of_the_cache_changes_nothing(network: Transformer, beams: int) -> None:
    """One that grows, and one that is widened after its first places."""
    never_ends = Transformer.from_config(network.get_config())
    never_ends.build()
    never_ends.set_weights(network.get_weights())
    never_ends.table.assign(network.table.numpy() * (np.arange(network.vocabulary) != END)[:, None])
    limit, sources = tf.constant(35), padded(SOURCES[:2])
    grown, widened = (beam_search(never_ends, sources, limit, places, beams, 1.0) for places in (None, 40))
    assert (grown.pieces.numpy() != PAD).all()
    np.testing.assert_array_equal(widened.pieces[:, :, :35], grown.pieces)
    np.testing.assert_allclose(widened.scores, grown.scores, atol=1e-4)
    np.testing.assert_array_equal(widened.pieces[:, :, 35:], PAD)
    if beams == 1:
        for places in (None, 40):
            np.testing.assert_array_equal(greedy(never_ends, sources, limit, places).pieces[:, :, :35], grown.pieces)


@pytest.mark.parametrize("power", [0.0, 1.0])
def test_a_wide_beam_finds_the_best_of_all(network: Transformer, power: float) -> None:
    """All translations of at most a piece and an end, by their probability."""
    pieces = [piece for piece in range(network.vocabulary) if piece not in {PAD, BEGIN, END}]
    texts = [text for size in range(2) for text in itertools.product(pieces, repeat=size)]
    for source in SOURCES:
        scored = {}
        for text in texts:
            table = chances(network, source, text)
            total = sum(table[place, piece] for place, piece in enumerate((*text, END)))
            scored[text] = total / (len(text) + 1) ** power
        found = beam_search(network, padded([source]), 2, PLACES, (len(pieces) + 1) ** 2, power)
        best = sorted(scored, key=scored.__getitem__, reverse=True)
        assert found.pieces.numpy()[0, : len(best)].tolist() == filled(best)
        np.testing.assert_allclose(found.scores[0, : len(best)], [scored[text] for text in best], atol=1e-4)


def test_a_batch_changes_no_translation(network: Transformer) -> None:
    together = beam_search(network, padded(SOURCES), LIMIT, PLACES, 3, 1.0)
    for row, source in enumerate(SOURCES):
        alone = beam_search(network, padded([source]), LIMIT, PLACES, 3, 1.0)
        np.testing.assert_array_equal(alone.pieces[0], together.pieces[row])
        np.testing.assert_allclose(alone.scores[0], together.scores[row], atol=1e-5)


def test_no_piece_may_be_written(network: Transformer) -> None:
    assert not greedy(network, padded(SOURCES), 0, PLACES).pieces.numpy().any()
    assert not beam_search(network, padded(SOURCES), 0, PLACES, 2, 1.0).pieces.numpy().any()


@pytest.fixture(scope="module")
def engine(network: Transformer) -> ModelEngine:
    return ModelEngine(network, DecodingConfig(source_pieces=20, target_pieces=12), rows=3)


@pytest.mark.parametrize("beam", [1, 2])
def test_an_engine_keeps_order_and_company_does_not_matter(engine: ModelEngine, beam: int) -> None:
    sources = [[5, 6, 7], [9] * 12, [4, 8], [10, 5, 6, 7], [], [6]]
    together = engine.translate(sources, beam)
    assert together == [engine.translate([source], beam)[0] for source in sources]
    assert all(PAD not in row and END not in row for row in together)


def test_an_engine_refuses_what_it_cannot_take(engine: ModelEngine) -> None:
    assert engine.translate([], 1) == []
    with pytest.raises(InputError, match=re.escape("a source must have at most 19 pieces. Received: 20")):
        engine.translate([[5] * 20], 1)
    with pytest.raises(InputError, match=re.escape("`beam` must be at least 1. Received: 0")):
        engine.translate([[5]], 0)
