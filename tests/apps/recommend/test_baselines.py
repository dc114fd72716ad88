"""The baselines against the same sums done plainly, and on the checkerboard."""

from typing import Any

import numpy as np
import pytest

from apps.recommend import baselines
from apps.recommend.baselines import Ease, ItemKNN, Popularity, fitted_baselines, tuned_baselines
from apps.recommend.events import Events

HISTORIES = [np.array(history, np.int32) for history in ([1, 2, 3], [1, 2], [3, 4], [1])]
SEEN = np.array([[1, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 0, 0]], float)
"""The same as a table of users by items, without the padding."""


def test_popularity_counts() -> None:
    scores = Popularity().fit(HISTORIES, 5)([HISTORIES[0], HISTORIES[3]])
    assert scores.tolist() == [[0, 3, 2, 2, 1, 0]] * 2


def test_neighbours_are_weighed_by_cosine() -> None:
    weights = ItemKNN(neighbours=200).weights(HISTORIES, 4)[1:, 1:]
    expected = {(0, 1): 2 / np.sqrt(3 * 2), (0, 2): 1 / np.sqrt(3 * 2), (1, 2): 1 / 2, (2, 3): 1 / np.sqrt(2 * 1)}
    for (i, j), value in expected.items():
        assert weights[i, j] == weights[j, i] == pytest.approx(value)
    assert weights[0, 3] == weights[1, 3] == 0
    assert not weights.diagonal().any()


def test_shrinkage_is_added_to_the_denominator() -> None:
    assert ItemKNN(shrink=10.0).weights(HISTORIES, 4)[1, 2] == pytest.approx(2 / (np.sqrt(6) + 10))


def test_only_the_nearest_neighbours_of_an_item_count() -> None:
    weights = ItemKNN(neighbours=1).weights(HISTORIES, 4)
    assert np.flatnonzero(weights[:, 1]).tolist() == [2]
    assert np.flatnonzero(weights[:, 3]).tolist() == [4]


def test_ease_equals_its_closed_form() -> None:
    inverse = np.linalg.inv(SEEN.T @ SEEN + 3.0 * np.eye(4))
    expected = np.zeros((4, 4))
    for i in range(4):
        for j in range(4):
            expected[i, j] = 0 if i == j else -inverse[i, j] / inverse[j, j]
    np.testing.assert_allclose(Ease(3.0).weights(HISTORIES, 4)[1:, 1:], expected, rtol=1e-5, atol=1e-7)


def test_ease_solves_each_item_from_the_others_by_ridge_regression() -> None:
    weights = Ease(3.0).weights(HISTORIES, 4)[1:, 1:]
    for j in range(4):
        others = np.delete(SEEN, j, axis=1)
        ridge = np.linalg.solve(others.T @ others + 3.0 * np.eye(3), others.T @ SEEN[:, j])
        np.testing.assert_allclose(np.delete(weights[:, j], j), ridge, rtol=1e-5, atol=1e-7)


def test_padding_weighs_nothing() -> None:
    for model in (ItemKNN(), Ease()):
        weights = model.weights(HISTORIES, 4)
        assert not weights[0].any()
        assert not weights[:, 0].any()


def test_an_older_event_weighs_less_by_the_decay() -> None:
    weights = np.arange(25, dtype=np.float32).reshape(5, 5)
    (scores,) = baselines._linear(weights, 4, 0.5)([np.array([3, 1, 2])])
    np.testing.assert_allclose(scores, 0.25 * weights[3] + 0.5 * weights[1] + weights[2])


def test_an_empty_history_gets_no_score() -> None:
    scores = baselines._linear(np.ones((5, 5), np.float32), 4, 0.5)([np.array([], np.int32), np.array([1])])
    assert scores.tolist() == [[0] * 5, [1] * 5]


@pytest.mark.parametrize("name", ["item_knn", "ease", "ease_recency"])
def test_the_item_of_the_own_colour_comes_first(name: str, checkerboard: Events) -> None:
    metrics = tuned_baselines(checkerboard, "test", cold_below=1)
    assert metrics[name]["mrr"] == metrics[name]["recall_at_10"] == metrics[name]["coverage"] == 1
    assert metrics["popularity"]["mrr"] < 0.7


def test_the_settings_that_are_best_on_validation_are_chosen(
    checkerboard: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures, seen = iter([0.1, 0.2, 0.9, 0.3]), []

    def judge(scorer: Any, held_out: Any, cold_below: int) -> dict[str, float]:
        seen.append(held_out.targets.tolist())
        return {"ndcg_at_10": next(figures)}

    monkeypatch.setattr(baselines, "judge", judge)
    models = (Ease(1.0), Ease(2.0))
    assert baselines._choose(models, (1.0, 0.5), checkerboard, 1) == (Ease(2.0), 1.0)
    assert seen == [checkerboard.held_out("validation").targets.tolist()] * 4


def test_a_catalogue_that_is_too_large_is_told(checkerboard: Events, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baselines, "_LARGEST_CATALOGUE", 15)
    lines: list[str] = []
    assert [name for name, _ in fitted_baselines(checkerboard, "test", 1, lines.append)] == ["popularity"]
    assert lines[0] == "item_knn: left out, its 16 x 16 matrix is too large (at most 15 items)"
    assert len(lines) == 3
