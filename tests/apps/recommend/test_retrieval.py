"""Retrieval on the checkerboard: trained in seconds, judged, exported; and that seeds decide everything."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from apps.recommend import retrieval
from apps.recommend.config import RecommendConfig, RetrievalConfig
from apps.recommend.events import Events
from apps.recommend.next_item import NextItemModel
from gristmill.app import Work
from gristmill.errors import InputError
from gristmill.progress import Silent

TINY: dict[str, Any] = {
    "width": 16,
    "layers": 1,
    "heads": 2,
    "window": 8,
    "dropout": 0.1,
    "embedding_dropout": 0.1,
    "batch_rows": 8,
    "epochs": 12,
    "learning_rate": 0.02,
    "average": 0.9,
    "evaluate_from": 2,
    "history": 20,
    "top": 12,
    "jit_compile": False,
}


def work_on(dataset: Any, **changes: Any) -> Work:
    config = RecommendConfig(retrieval=RetrievalConfig(**{**TINY, **changes}), cold_below=3)
    return Work(dataset, config, 0, Silent())


def fit(work: Work) -> NextItemModel:
    keras.utils.set_random_seed(0)
    return retrieval.fit(work)


@pytest.fixture(scope="module")
def logged() -> list[dict[str, Any]]:
    """What training logs."""
    return []


@pytest.fixture(scope="module")
def work(checkerboard: Events, make_dataset: Callable[..., Any], logged: list[dict[str, Any]]) -> Work:
    return replace(work_on(make_dataset(checkerboard)), log=lambda **values: logged.append(values))


@pytest.fixture(scope="module")
def model(work: Work) -> NextItemModel:
    return fit(work)


def recommend(model: NextItemModel, work: Work, history: list[int]) -> dict[str, Any]:
    signature = retrieval.signature(model, work)
    padded = np.zeros((1, TINY["history"]), np.int32)
    padded[0, TINY["history"] - len(history) :] = history
    return {name: np.array(value) for name, value in signature.function(tf.constant(padded)).items()}


def test_the_withheld_item_of_the_own_colour_comes_first(model: NextItemModel, work: Work) -> None:
    for split in ("validation", "test"):
        metrics = retrieval.evaluate(model, work, split)
        assert metrics["recall_at_10"] == 1
    assert metrics["mrr"] == 1


@pytest.mark.parametrize("history", [[1], [2], [7, 3, 11], [16, 2], [1, 3, 5, 7, 9, 11], [4] * 20])
def test_a_user_never_seen_gets_items_of_the_colour_of_the_history(
    model: NextItemModel, work: Work, history: list[int]
) -> None:
    left = 8 - len(set(history))
    items = recommend(model, work, history)["items"][0, :left]
    assert {int(item) % 2 for item in items} == {history[0] % 2}


@pytest.mark.parametrize("length", [0, 1, 8, 16, 20])
def test_seen_items_never_come_back(model: NextItemModel, work: Work, length: int) -> None:
    history = [1 + place % 16 for place in range(length)]
    answer = recommend(model, work, history)
    items, scores = answer["items"][0], answer["scores"][0]
    found = items[items > 0].tolist()
    assert len(found) == len(set(found)) == min(12, 16 - len(set(history)))
    assert not set(found) & set(history)
    assert not items[len(found) :].any()
    assert (np.diff(scores) <= 0).all()


def test_what_lies_before_the_window_is_left_out_too(model: NextItemModel, work: Work) -> None:
    history = [2, 4, 6, 8, 10, 12, 14, 16, 1, 3, 5, 7, 9, 11, 13]
    assert recommend(model, work, history)["items"][0].tolist() == [15] + [0] * 11


def test_the_exported_function_ranks_as_the_model(model: NextItemModel, work: Work) -> None:
    function = tf.function(retrieval.signature(model, work).function)
    outputs = [
        {name: np.array(value) for name, value in function(history=tf.constant(request["history"])).items()}
        for request in retrieval.requests(work, "test")
    ]
    metrics = retrieval.evaluate(model, work, "test")
    for name, value in retrieval.score(outputs, work, "test").items():
        assert value == pytest.approx(metrics[name])
    assert retrieval.agreement(outputs, outputs) == 1


def test_a_request_is_the_history_of_each_judged_user(work: Work, checkerboard: Events) -> None:
    requests = retrieval.requests(work, "test")
    assert len(requests) == 60
    assert requests[0]["history"].shape == (1, 20)
    assert requests[0]["history"][0].tolist() == [0] * 13 + checkerboard.histories[0][:-1].tolist()


def test_a_saved_model_scores_the_same(model: NextItemModel, tmp_path: Path) -> None:
    model.save(tmp_path / "retrieval.keras")
    loaded = keras.saving.load_model(tmp_path / "retrieval.keras")
    histories = [np.array([1, 3], np.int32), np.array([2], np.int32), np.arange(1, 17, dtype=np.int32)]
    np.testing.assert_array_equal(retrieval.scorer(loaded)(histories), retrieval.scorer(model)(histories))


def test_histories_are_scored_alike_alone_and_together(model: NextItemModel) -> None:
    scorer = retrieval.scorer(model)
    histories = [np.array([1 + place % 16, 1 + place // 16], np.int32) for place in range(200)]
    together = scorer(histories)
    assert together.shape == (200, 17)
    np.testing.assert_allclose(together[150:151], scorer(histories[150:151]), atol=1e-5)


def test_the_baselines_are_judged_beside_it(work: Work) -> None:
    assert list(retrieval.baselines(work, "test")) == ["popularity", "item_knn", "ease", "ease_recency"]


def test_the_seed_decides_the_weights(model: NextItemModel, work: Work) -> None:
    for first, again in zip(model.get_weights(), fit(work).get_weights(), strict=True):
        np.testing.assert_array_equal(first, again)


@pytest.mark.slow
def test_xla_trains_the_same_weights(work: Work) -> None:
    still = {"epochs": 1, "dropout": 0.0, "embedding_dropout": 0.0, "learning_rate": 0.001}
    plain, compiled = (fit(work_on(work.dataset, **still, jit_compile=jit)).get_weights() for jit in (False, True))
    for one, two in zip(plain, compiled, strict=True):
        np.testing.assert_allclose(one, two, atol=1e-3)


def test_sampled_training_finds_the_colours_too(work: Work) -> None:
    metrics = retrieval.evaluate(fit(work_on(work.dataset, negatives=6)), work, "test")
    assert metrics["recall_at_10"] == 1
    assert metrics["mrr"] > 0.9


def test_training_never_sees_what_is_to_be_guessed(
    work: Work, checkerboard: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed: list[Any] = []
    pack = retrieval.pack

    def watched(histories: Any, *arguments: Any) -> Any:
        packed.append(pack(histories, *arguments))
        return packed[-1]

    monkeypatch.setattr(retrieval, "pack", watched)
    fit(work_on(work.dataset, epochs=1))
    for rows in packed:
        for user, history in enumerate(checkerboard.histories, 1):
            own = rows.segments == user
            assert not np.isin(history[-2:], rows.items[own]).any()
            assert not np.isin(history[-2:], rows.targets[own]).any()


def test_the_history_of_a_run_tells_each_epoch(model: NextItemModel, logged: list[dict[str, Any]]) -> None:
    lines = logged[:12]
    assert [line["epoch"] for line in lines] == list(range(1, 13))
    assert [line["epoch"] for line in lines if "ndcg_at_10" in line] == [2, 4, 6, 8, 10, 12]
    assert {line["task"] for line in lines} == {"train retrieval"}
    assert lines[-1]["loss"] < lines[0]["loss"]


def test_users_who_are_too_short_cannot_be_judged(
    make_events: Callable[..., Events], make_dataset: Callable[..., Any]
) -> None:
    with pytest.raises(InputError, match="at least 5 events"):
        fit(work_on(make_dataset(make_events([[1, 2, 3], [2, 3, 1]]))))


def test_ties_in_a_list_count_against_the_system(work: Work, checkerboard: Events) -> None:
    targets = checkerboard.held_out("test").targets
    others = np.where(targets == 1, 2, 1)
    tied = [
        {"items": np.array([[target, other]]), "scores": np.array([[1.0, 1.0]])}
        for target, other in zip(targets, others, strict=True)
    ]
    missed = [{"items": np.array([[other]]), "scores": np.array([[1.0]])} for other in others]
    assert retrieval.score(tied, work, "test") == {"ndcg_at_10": pytest.approx(1 / np.log2(3)), "recall_at_10": 1}
    assert retrieval.score(missed, work, "test") == {"ndcg_at_10": 0, "recall_at_10": 0}


def test_agreement_is_the_share_of_the_items_in_common() -> None:
    first = [{"items": np.array([[1, 2, 3, 4, 0]])}, {"items": np.array([[5, 0, 0, 0, 0]])}]
    second = [{"items": np.array([[4, 9, 8, 1, 0]])}, {"items": np.array([[5, 0, 0, 0, 0]])}]
    assert retrieval.agreement(first, second) == (0.5 + 1) / 2
    assert retrieval.agreement(first, first) == 1
