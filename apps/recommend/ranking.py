"""The ranking model: will this user like this item? A wide-and-deep estimator over ids, side features and taste."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from tempfile import TemporaryDirectory
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from apps.recommend import taste
from apps.recommend.config import RankingConfig
from apps.recommend.events import Events
from apps.recommend.side import SideFeature, side_features
from gristmill.app import Outputs, Work
from gristmill.data.batches import Batches
from gristmill.data.dataset import Dataset
from gristmill.data.plan import SPLITS
from gristmill.errors import InputError
from gristmill.estimator import (
    DNNLinearCombinedClassifier,
    LinearClassifier,
    binary_metrics,
    call_model,
    logistic,
)
from gristmill.features import BucketColumn, CategoryColumn, Column, CrossColumn, NumberColumn
from gristmill.lite import Signature

__all__ = ["agreement", "baselines", "evaluate", "fit", "requests", "score", "signature"]

_BUCKETS = 10
_EVALUATED_TOGETHER = 1 << 16
_LINEAR_ALONE = 4.0
"""Learning rate of the linear model on its own, relative to that beside a network."""


@dataclass(frozen=True)
class RankingData:
    """All events as model features, and the tables that the exported function carries."""

    events: Events
    liked: NDArray[np.float32]
    item_side: list[SideFeature]
    user_side: list[SideFeature]
    statistics: taste.ItemStatistics
    numbers: dict[str, NDArray[np.float32]]

    def features(self, rows: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """Model inputs of some events."""
        user, item = self.events.user[rows], self.events.item[rows]
        made: dict[str, NDArray[Any]] = {"user": user, "item": item}
        made |= {side.column.name: side.values[item] for side in self.item_side}
        made |= {side.column.name: side.values[user] for side in self.user_side}
        return made | {name: values[rows] for name, values in self.numbers.items()}

    def rows(self, split: str) -> NDArray[np.int64]:
        """Events of a split."""
        return np.flatnonzero(self.events.split == SPLITS.index(split))

    def batches(self, split: str, batch: int, seed: int | None = None) -> Batches:
        """Batches of a split, shuffled where there is a seed."""
        rows = self.rows(split)
        return Batches(self.features(rows), self.liked[rows], batch, seed=seed, drop_remainder=seed is not None)


def prepare(work: Work) -> RankingData:
    """Features of all events; those of the last dataset and config are kept."""
    return _prepare(work.dataset, work.config.ranking)


@lru_cache(maxsize=1)
def _prepare(dataset: Dataset, config: RankingConfig) -> RankingData:
    events = Events.load(dataset)
    if events.rating is None:
        raise InputError("the ranking model needs ratings. Received: a dataset without a rating column")
    liked = (events.rating >= config.like_at_least).astype(np.float32)
    lacking = [name for index, name in enumerate(SPLITS) if not (events.split == index).any()]
    if lacking:
        raise InputError(f"every split must hold events. Received: none in {', '.join(lacking)}")
    train = events.split == 0
    if not 0 < liked[train].mean() < 1:
        raise InputError(
            f"some but not all training ratings must be at least like_at_least={config.like_at_least:g}. "
            f"Received: ratings from {events.rating.min():g} to {events.rating.max():g}; change it with "
            "--set ranking.like_at_least=..."
        )
    width = max(1, config.embedding_width // 4)
    item_side = side_features(dataset, "items", "item", events.items, width)
    user_side = side_features(dataset, "users", "user", events.users, width)
    statistics = taste.ItemStatistics.of(events, liked, _genres(item_side, config, len(events.items)))
    numbers = taste.taste_statistics(events, liked, statistics)
    return RankingData(events, liked, item_side, user_side, statistics, numbers)


def _genres(item_side: list[SideFeature], config: RankingConfig, items: int) -> NDArray[np.float64]:
    """1 where an item has a genre, `[items + 1, genres]`; no genre at all where the items have no such list."""
    for side in item_side:
        if side.column.name == f"item_{config.taste}" and side.column.length is not None:
            made = np.zeros((items + 1, side.column.count))
            np.put_along_axis(made, side.values.astype(np.int64), 1.0, axis=1)
            return made[:, 1:]
    return np.zeros((items + 1, 1))


def columns(data: RankingData, config: RankingConfig) -> tuple[list[Column], list[Column]]:
    """Columns of the linear half and of the network."""
    train = data.rows("train")
    user = CategoryColumn("user", len(data.events.users) + 1, width=config.embedding_width)
    item = CategoryColumn("item", len(data.events.items) + 1, width=config.embedding_width)
    sides = [side.column for side in (*data.item_side, *data.user_side)]
    numbers = [
        NumberColumn(name, float(values[train].mean()), float(values[train].std()) or 1.0)
        for name, values in data.numbers.items()
    ]
    buckets: list[Column] = []
    for number in numbers:
        bounds = np.unique(np.quantile(data.numbers[number.name][train], np.arange(1, _BUCKETS) / _BUCKETS))
        buckets.append(BucketColumn(number, tuple(map(float, bounds))))
    lists = [side.column for side in data.item_side if side.column.length is not None]
    crosses: list[Column] = [CrossColumn(user, column) for column in lists]
    return [user, item, *lists, *crosses, *buckets], [user, item, *sides, *numbers]


def linear_classifier(data: RankingData, config: RankingConfig, folder: str | None = None) -> LinearClassifier:
    """The linear model, its checkpoints in a folder."""
    wide, _ = columns(data, config)
    return LinearClassifier(wide, folder, optimizer=_ftrl(_LINEAR_ALONE * config.linear_learning_rate, config))


def wide_and_deep(data: RankingData, config: RankingConfig, folder: str | None = None) -> DNNLinearCombinedClassifier:
    """The same with a network beside it."""
    wide, deep = columns(data, config)
    return DNNLinearCombinedClassifier(
        folder,
        linear_feature_columns=wide,
        linear_optimizer=_ftrl(config.linear_learning_rate, config),
        dnn_feature_columns=deep,
        dnn_optimizer=keras.optimizers.Adam(config.learning_rate),
        dnn_hidden_units=config.hidden_units,
        dnn_dropout=config.dropout,
        dnn_embedding_dropout=config.dropout,
    )


def _ftrl(learning_rate: float, config: RankingConfig) -> keras.optimizers.Optimizer:
    return keras.optimizers.Ftrl(
        learning_rate, initial_accumulator_value=0.1, l2_regularization_strength=config.linear_l2
    )


def fit(work: Work) -> keras.Model:
    """Trains the wide-and-deep model; the log loss on validation chooses the epoch."""
    config: RankingConfig = work.config.ranking
    data = prepare(work)
    if not data.statistics.genres.any():
        work.progress.line(f"ranking: the items have no list `{config.taste}` (ranking.taste), so genre_affinity is 0")
    with TemporaryDirectory() as folder:
        estimator = wide_and_deep(data, config, folder)
        _train(estimator, data, work, **work.training("ranking"))
        return estimator.model


def _train(estimator: Any, data: RankingData, work: Work, **options: Any) -> None:
    config: RankingConfig = work.config.ranking
    batch = min(config.batch, len(data.rows("train")))
    estimator.fit(
        data.batches("train", batch, work.seed),
        epochs=config.epochs,
        validation=data.batches("validation", _EVALUATED_TOGETHER),
        patience=config.patience,
        **options,
    )


def evaluate(model: keras.Model, work: Work, split: str) -> dict[str, float]:
    """AUC and log loss over all events of a split."""
    data = prepare(work)
    logits = [call_model(model, features).numpy() for features, _ in data.batches(split, _EVALUATED_TOGETHER)()]
    return binary_metrics(data.liked[data.rows(split)], logistic(np.concatenate(logits)))


def baselines(work: Work, split: str) -> dict[str, dict[str, float]]:
    """Our linear classifier over the same columns, and logistic regression on one-hot ids (scikit-learn)."""
    data = prepare(work)
    keras.utils.set_random_seed(work.seed)
    with TemporaryDirectory() as folder:
        linear = linear_classifier(data, work.config.ranking, folder)
        _train(linear, data, work, title="train linear", progress=work.progress)
        model = linear.model
    return {
        "linear_classifier": evaluate(model, work, split),
        "logistic_regression": binary_metrics(data.liked[data.rows(split)], _logistic_regression(data, split)),
    }


def _logistic_regression(data: RankingData, split: str) -> NDArray[np.float64]:
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    users, size = len(data.events.users) + 1, len(data.events.users) + len(data.events.items) + 2

    def one_hot(rows: NDArray[np.int64]) -> csr_matrix:
        columns = np.stack([data.events.user[rows], users + data.events.item[rows]], axis=1).ravel()
        return csr_matrix(
            (np.ones(len(columns), np.float32), columns, np.arange(0, len(columns) + 1, 2)), (len(rows), size)
        )

    train = data.rows("train")
    model = LogisticRegression(C=1.0, max_iter=500).fit(one_hot(train), data.liked[train])
    return model.predict_proba(one_hot(data.rows(split)))[:, 1]


def signature(model: keras.Model, work: Work) -> Signature:
    """`rank`: a user, the history with what was liked, and candidates in; the probability of a like for each out.

    Everything else that the model reads (side features, item statistics) stands in the file as tables, and the user's
    taste is computed from the history inside the graph, so that it follows the user on the device.
    """
    config: RankingConfig = work.config.ranking
    data = prepare(work)
    statistics = data.statistics
    genres = tf.constant(statistics.genres, tf.float32)
    item_rate = tf.constant(statistics.item_rate(statistics.liked, statistics.count), tf.float32)
    item_count = tf.constant(np.log1p(statistics.count), tf.float32)

    def rank(user: Any, history: Any, liked: Any, items: Any) -> Mapping[str, Any]:
        candidates, past = items[0], history[0]
        present = tf.cast(past > 0, tf.float32)
        likes = liked[0] * present
        rate = (tf.reduce_sum(likes) + taste.USER_PRIOR * statistics.share) / (
            tf.reduce_sum(present) + taste.USER_PRIOR
        )
        past_genres, own = tf.gather(genres, past), tf.gather(genres, candidates)
        surplus = tf.linalg.matvec(past_genres, likes - rate * present, transpose_a=True)
        seen = tf.linalg.matvec(past_genres, present, transpose_a=True)
        number = tf.maximum(tf.reduce_sum(own, 1), 1.0)
        affinity = tf.linalg.matvec(own, surplus) / number / (tf.linalg.matvec(own, seen) / number + taste.GENRE_PRIOR)
        users = tf.zeros_like(candidates) + user
        features = {"user": users, "item": candidates}
        features |= {side.column.name: tf.gather(tf.constant(side.values), candidates) for side in data.item_side}
        features |= {side.column.name: tf.gather(tf.constant(side.values), users) for side in data.user_side}
        features |= {
            "user_rate": tf.zeros_like(affinity) + rate,
            "genre_affinity": affinity,
            "item_rate": tf.gather(item_rate, candidates),
            "item_count": tf.gather(item_count, candidates),
        }
        probabilities = tf.sigmoid(call_model(model, features))
        return {"probabilities": tf.where(candidates > 0, probabilities, 0.0)[None]}

    inputs = {
        "user": ((1,), "int32"),
        "history": ((1, config.history), "int32"),
        "liked": ((1, config.history), "float32"),
        "items": ((1, config.candidates), "int32"),
    }
    return Signature("rank", rank, inputs)


def requests(work: Work, split: str) -> list[dict[str, Any]]:
    """One call for each user and up to `candidates` of the user's events of a split, with the training history."""
    config: RankingConfig = work.config.ranking
    data = prepare(work)
    made = []
    for user, rows in _calls(data, split, config.candidates):
        start, stop = data.events.starts[user - 1], data.events.starts[user]
        past = np.flatnonzero(data.events.split[start:stop] == 0)[-config.history :] + start
        history, liked = np.zeros((1, config.history), np.int32), np.zeros((1, config.history), np.float32)
        items = np.zeros((1, config.candidates), np.int32)
        if len(past):
            history[0, -len(past) :], liked[0, -len(past) :] = data.events.item[past], data.liked[past]
        items[0, : len(rows)] = data.events.item[rows]
        made.append({"user": np.array([user], np.int32), "history": history, "liked": liked, "items": items})
    return made


def _calls(data: RankingData, split: str, candidates: int) -> list[tuple[int, NDArray[np.int64]]]:
    """Users and, for each, up to `candidates` of their events of a split."""
    rows = data.rows(split)
    cuts = np.flatnonzero(np.diff(data.events.user[rows])) + 1
    groups = [group for group in np.split(rows, cuts) if len(group)]
    return [
        (int(data.events.user[group[0]]), group[i : i + candidates])
        for group in groups
        for i in range(0, len(group), candidates)
    ]


def score(outputs: Sequence[Outputs], work: Work, split: str) -> dict[str, float]:
    """AUC and log loss of the exported function's probabilities."""
    data = prepare(work)
    calls = _calls(data, split, work.config.ranking.candidates)
    probability = np.concatenate(
        [output["probabilities"][0, : len(rows)] for output, (_, rows) in zip(outputs, calls, strict=True)]
    )
    liked = data.liked[np.concatenate([rows for _, rows in calls])]
    return binary_metrics(liked, probability)


def agreement(reference: Sequence[Outputs], outputs: Sequence[Outputs]) -> float:
    """Mean share of the first ten candidates of each call that two systems have in common."""
    shares = []
    for first, second in zip(reference, outputs, strict=True):
        best = [set(np.argsort(-side["probabilities"][0], kind="stable")[:10].tolist()) for side in (first, second)]
        shares.append(len(best[0] & best[1]) / max(len(best[0]), 1))
    return float(np.mean(shares))
