"""Ranking: made ratings whose rule is known, and the exported function against the model."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from apps.recommend import ranking
from apps.recommend.config import RankingConfig, RecommendConfig
from apps.recommend.events import Events
from gristmill.app import Work
from gristmill.errors import InputError
from gristmill.features import BucketColumn, CategoryColumn, CrossColumn, NumberColumn
from gristmill.progress import Silent
from gristmill.schema import Feature, Kind, Missing

USERS, ITEMS = 40, 24
GENRES = ["even", "odd", "third"]


def of_item(item: int) -> list[str]:
    return [GENRES[item % 2]] + ([GENRES[2]] if item % 3 == 0 else [])


@pytest.fixture(scope="module")
def events(make_events: Callable[..., Events]) -> Events:
    """Each user rates the items of the own parity with 5 and the others with 1; some events share a second."""
    random = np.random.default_rng(2)
    histories = [1 + random.permutation(ITEMS)[: 20 - user % 7] for user in range(USERS)]
    times = [np.arange(len(history)) // 2 for history in histories]
    ratings = [np.where(history % 2 == user % 2, 5.0, 1.0) for user, history in enumerate(histories)]
    return make_events(histories, items=ITEMS, times=times, ratings=ratings)


@pytest.fixture(scope="module")
def dataset(events: Events, make_dataset: Callable[..., Any]) -> Any:
    items = range(1, ITEMS + 1)
    item_features = [
        Feature(name="item", kind=Kind.ID),
        Feature(name="genres", kind=Kind.SEQUENCE, missing=Missing.KEEP),
        Feature(name="year", kind=Kind.NUMBER, missing=Missing.KEEP),
    ]
    item_columns = {
        "item": [f"i{item}" for item in items],
        "genres": [of_item(item) if item != 7 else None for item in items],
        "year": [1990.0 + item for item in items],
    }
    user_features = [Feature(name="user", kind=Kind.ID), Feature(name="town", kind=Kind.CATEGORY)]
    user_columns = {"user": list(events.users), "town": ["Oslo", "Rome"] * (USERS // 2)}
    return make_dataset(
        events,
        {"items": (item_features, item_columns), "users": (user_features, user_columns)},
        {"items.genres": GENRES, "users.town": ["Rome", "Oslo"]},
    )


def work_on(dataset: Any, **changes: Any) -> Work:
    tiny = {"hidden_units": (8,), "embedding_width": 8, "epochs": 8, "batch": 64, "history": 32, "candidates": 6}
    ranking_config = RankingConfig(**{**tiny, "learning_rate": 0.01, **changes})
    return Work(dataset, RecommendConfig(ranking=ranking_config), 0, Silent())


@pytest.fixture(scope="module")
def work(dataset: Any) -> Work:
    return work_on(dataset)


@pytest.fixture(scope="module")
def model(work: Work) -> keras.Model:
    keras.utils.set_random_seed(0)
    return ranking.fit(work)


Rank = Callable[[dict[str, Any]], np.ndarray]


@pytest.fixture(scope="module")
def rank(model: keras.Model, work: Work) -> Rank:
    """The exported function: a request in, the probabilities `[1, candidates]` out."""
    function = tf.function(ranking.signature(model, work).function)
    return lambda request: function(**{name: tf.constant(value) for name, value in request.items()})[
        "probabilities"
    ].numpy()


def test_the_rule_of_the_ratings_is_found(model: keras.Model, work: Work) -> None:
    for split in ("validation", "test"):
        assert ranking.evaluate(model, work, split)["auc"] > 0.95


def test_the_exported_function_gives_the_models_probabilities(model: keras.Model, rank: Rank, work: Work) -> None:
    """What it computes from a history equals the prepared numbers of the held-out events."""
    data = ranking.prepare(work)
    seen: list[int] = []
    for request, (user, rows) in zip(ranking.requests(work, "test"), ranking._calls(data, "test", 6), strict=True):
        logits = ranking.call_model(model, {name: tf.constant(v) for name, v in data.features(rows).items()})
        made = rank(request)[0]
        np.testing.assert_allclose(made[: len(rows)], tf.sigmoid(logits), atol=1e-5)
        assert not made[len(rows) :].any()
        assert (data.events.user[rows] == user).all()
        seen += rows.tolist()
    assert seen == data.rows("test").tolist()


@pytest.mark.parametrize("split", ["validation", "test"])
def test_the_numbers_of_the_exported_function_are_those_of_training(
    model: keras.Model, work: Work, split: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = ranking.prepare(work)
    signature = ranking.signature(model, work)
    given: list[dict[str, Any]] = []

    def watched(model: keras.Model, features: Any) -> Any:
        given.append(features)
        return tf.zeros(6)

    @tf.function
    def read(**request: Any) -> dict[str, Any]:
        signature.function(**request)
        return given[-1]

    monkeypatch.setattr(ranking, "call_model", watched)
    for request, (_, rows) in zip(ranking.requests(work, split), ranking._calls(data, split, 6), strict=True):
        made, expected = read(**{name: tf.constant(value) for name, value in request.items()}), data.features(rows)
        assert made.keys() == expected.keys()
        for name, values in expected.items():
            np.testing.assert_allclose(made[name].numpy()[: len(rows)], values, rtol=1e-5, atol=1e-6)


def test_the_exported_function_scores_as_the_model(model: keras.Model, rank: Rank, work: Work) -> None:
    outputs = [{"probabilities": rank(request)} for request in ranking.requests(work, "test")]
    expected = ranking.evaluate(model, work, "test")
    made = ranking.score(outputs, work, "test")
    assert made["auc"] == pytest.approx(expected["auc"])
    assert made["logloss"] == pytest.approx(expected["logloss"], rel=1e-4)
    assert ranking.agreement(outputs, outputs) == 1


def test_a_user_never_seen_is_known_by_the_history(rank: Rank) -> None:
    history, liked = np.zeros((1, 32), np.int32), np.zeros((1, 32), np.float32)
    history[0, -12:] = np.arange(1, 13)
    candidates = np.array([[13, 14, 15, 16, 17, 18]], np.int32)
    for parity in (0, 1):
        liked[0, -12:] = np.arange(1, 13) % 2 == parity
        request = {"user": np.array([0], np.int32), "history": history, "liked": liked, "items": candidates}
        probabilities = rank(request)[0]
        wanted = candidates[0] % 2 == parity
        assert probabilities[wanted].min() > probabilities[~wanted].max()


def test_an_empty_history_is_answered(rank: Rank) -> None:
    request = {
        "user": np.array([0], np.int32),
        "history": np.zeros((1, 32), np.int32),
        "liked": np.zeros((1, 32), np.float32),
        "items": np.array([[1, 2, 0, 0, 0, 0]], np.int32),
    }
    probabilities = rank(request)[0]
    assert ((probabilities[:2] > 0) & (probabilities[:2] < 1)).all()
    assert not probabilities[2:].any()


def test_a_saved_model_gives_the_same_logits(model: keras.Model, work: Work, tmp_path: Path) -> None:
    model.save(tmp_path / "ranking.keras")
    loaded = keras.saving.load_model(tmp_path / "ranking.keras")
    features = ranking.prepare(work).features(np.arange(50))
    np.testing.assert_array_equal(ranking.call_model(loaded, features), ranking.call_model(model, features))


def test_the_same_seed_gives_the_same_weights(model: keras.Model, work: Work) -> None:
    keras.utils.set_random_seed(0)
    for first, second in zip(ranking.fit(work).get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_the_baselines_are_a_linear_model_and_logistic_regression(work: Work) -> None:
    metrics = ranking.baselines(work, "test")
    assert list(metrics) == ["linear_classifier", "logistic_regression"]
    assert metrics["linear_classifier"]["auc"] > 0.8
    assert metrics["logistic_regression"]["auc"] < 0.7  # ids alone do not tell whose colour an item has


def test_the_columns_of_both_halves(work: Work) -> None:
    wide, deep = ranking.columns(ranking.prepare(work), work.config.ranking)
    numbers = {"user_rate", "genre_affinity", "item_rate", "item_count"}
    assert {column.name for column in wide} == {"user", "item", "item_genres", "user_x_item_genres"} | {
        f"{name}_bucket" for name in numbers
    }
    assert {column.name for column in deep} == {"user", "item", "item_genres", "item_year", "user_town"} | numbers
    kinds = {type(column) for column in (*wide, *deep)}
    assert kinds == {CategoryColumn, CrossColumn, NumberColumn, BucketColumn}


def test_what_is_liked_is_a_setting(work: Work) -> None:
    assert ranking.prepare(work).liked.mean() == pytest.approx(0.5, abs=0.05)
    with pytest.raises(InputError, match=r"like_at_least=6.*ratings from 1 to 5.*--set ranking.like_at_least"):
        ranking.prepare(work_on(work.dataset, like_at_least=6.0))


def test_without_genres_there_is_no_affinity(work: Work) -> None:
    data = ranking.prepare(work_on(work.dataset, taste="moods"))
    assert not data.numbers["genre_affinity"].any()


def test_a_dataset_without_ratings_or_a_split_is_refused(
    make_events: Callable[..., Events], make_dataset: Callable[..., Any]
) -> None:
    with pytest.raises(InputError, match="without a rating column"):
        ranking.prepare(work_on(make_dataset(make_events([[1, 2, 3, 4, 5]]))))
    with pytest.raises(InputError, match=r"every split must hold events. Received: none in validation, test"):
        ranking.prepare(work_on(make_dataset(make_events([[1]], ratings=[[5.0]]))))
