"""The network: what a state may depend on, and that a saved one gives the same."""

from pathlib import Path

import keras
import numpy as np

from apps.translation.model import Transformer


def rows(*parts: list[int]) -> list[np.ndarray]:
    return [np.array([part], np.int32) for part in parts]


def states(network: Transformer, source: list[int], target: list[int]) -> np.ndarray:
    """One pair in a row of its own."""
    ones = [[1] * len(side) for side in (source, target)]
    places = [list(range(len(side))) for side in (source, target)]
    return network(rows(source, ones[0], places[0], target, ones[1], places[1])).numpy()[0]


def test_a_later_piece_changes_no_earlier_state(network: Transformer) -> None:
    before, after = states(network, [5, 6, 2], [1, 7, 8, 9]), states(network, [5, 6, 2], [1, 7, 3, 9])
    np.testing.assert_allclose(before[:2], after[:2], atol=1e-6)
    assert (np.abs(before[2:] - after[2:]).max(axis=1) > 1e-3).all()


def test_each_piece_of_the_source_changes_every_state(network: Transformer) -> None:
    before, after = states(network, [5, 6, 2], [1, 7, 8]), states(network, [5, 4, 2], [1, 7, 8])
    assert (np.abs(before - after).max(axis=1) > 1e-3).all()


def test_the_order_of_the_source_matters(network: Transformer) -> None:
    assert np.abs(states(network, [5, 6, 2], [1]) - states(network, [6, 5, 2], [1])).max() > 1e-3


def test_pairs_of_a_row_do_not_see_each_other_nor_padding(network: Transformer) -> None:
    alone = [states(network, [5, 6, 2], [1, 7]), states(network, [4, 2], [1, 9, 8])]
    together = network(
        rows(
            [5, 6, 2, 4, 2, 0],
            [1, 1, 1, 2, 2, 0],
            [0, 1, 2, 0, 1, 0],
            [1, 7, 1, 9, 8, 0],
            [1, 1, 2, 2, 2, 0],
            [0, 1, 0, 1, 2, 0],
        )
    ).numpy()[0]
    np.testing.assert_allclose(np.concatenate(alone), together[:5], atol=1e-5)


def test_scores_are_states_times_embeddings(network: Transformer) -> None:
    given = np.random.default_rng(1).normal(size=(3, network.width)).astype(np.float32)
    np.testing.assert_allclose(network.scores(given), given @ network.table.numpy().T, atol=1e-6)


def test_a_saved_network_gives_the_same(network: Transformer, tmp_path: Path) -> None:
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    np.testing.assert_array_equal(states(network, [5, 6, 2], [1, 7]), states(loaded, [5, 6, 2], [1, 7]))
