"""A wide-and-deep classifier over a dataset's own features: trained, judged against baselines, and exported."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from tempfile import TemporaryDirectory
from typing import Any

import keras
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import tensorflow as tf
from numpy.typing import NDArray

from gristmill.app import Outputs, Work
from gristmill.data.batches import Batches
from gristmill.data.dataset import Dataset
from gristmill.errors import InputError
from gristmill.estimator import DNNLinearCombinedClassifier, LinearClassifier, binary_metrics, call_model, logistic
from gristmill.features import CategoryColumn, Column, NumberColumn
from gristmill.lite import Signature
from gristmill.schema import Feature, Kind, Role

__all__ = ["agreement", "assets", "baselines", "evaluate", "fit", "requests", "score", "signature"]

_REQUESTS = 500
_TOGETHER = 1 << 14


def _columns(work: Work) -> dict[str, Column]:
    """A column for every usable feature, by name."""
    made: dict[str, Column] = {}
    for feature in work.dataset.manifest.record_schema.with_role(Role.FEATURE):
        if feature.has_vocabulary:
            size = len(work.dataset.vocabulary(feature.name)) + 1
            length = work.config.list_length if feature.kind is Kind.SEQUENCE else None
            made[feature.name] = CategoryColumn(feature.name, size, length, work.config.embedding_width)
        elif feature.kind in (Kind.NUMBER, Kind.TIME):
            known = work.dataset.statistics["train"][feature.name]
            made[feature.name] = NumberColumn(feature.name, known.get("mean", 0.0), known.get("deviation") or 1.0)
    if not made:
        raise InputError(
            "a classifier needs a category, list or number of role `feature`. Received: none in the schema"
        )
    return made


def _arrays(label: str, positive: str, work: Work, split: str) -> tuple[dict[str, NDArray[Any]], NDArray[np.float32]]:
    """Features as the model reads them, and labels 0 or 1; those of the last splits are kept."""
    return _read(label, positive, work.dataset, tuple(_columns(work)), work.config.list_length, split)


@lru_cache(maxsize=3)
def _read(
    label: str, positive: str, dataset: Dataset, names: tuple[str, ...], list_length: int, split: str
) -> tuple[dict[str, NDArray[Any]], NDArray[np.float32]]:
    table = dataset.read(split)
    known = dataset.vocabulary(label)
    if positive not in known:
        raise InputError(f"the label `{label}` must have the value {positive!r}. Received: {', '.join(known[:20])}")
    truth = pc.equal(table.column(label), positive).to_numpy(zero_copy_only=False).astype(np.float32)
    schema = dataset.manifest.record_schema
    return {name: _array(table.column(name), schema[name], dataset, list_length) for name in names}, truth


def _array(column: pa.ChunkedArray, feature: Feature, dataset: Dataset, list_length: int) -> NDArray[Any]:
    if not feature.has_vocabulary:
        return column.to_numpy().astype(np.float32)
    index = {term: i for i, term in enumerate(dataset.vocabulary(feature.name), start=1)}
    if feature.kind is not Kind.SEQUENCE:
        return np.array([index.get(term, 0) for term in column.to_pylist()], np.int32)
    made = np.zeros((len(column), list_length), np.int32)
    for row, terms in enumerate(column.to_pylist()):
        indices = [index.get(term, 0) for term in terms or ()][:list_length]
        made[row, : len(indices)] = indices
    return made


def fit(label: str, positive: str, work: Work) -> keras.Model:
    """Trains; the log loss on validation chooses the epoch."""
    config = work.config
    if not config.hidden_units:
        return _linear(label, positive, work, **work.training(label))
    columns = list(_columns(work).values())
    with TemporaryDirectory() as folder:
        estimator = DNNLinearCombinedClassifier(
            folder,
            linear_feature_columns=columns,
            linear_optimizer=keras.optimizers.Ftrl(config.linear_learning_rate),
            dnn_feature_columns=columns,
            dnn_optimizer=keras.optimizers.Adam(config.learning_rate),
            dnn_hidden_units=config.hidden_units,
            dnn_dropout=config.dropout,
        )
        _train(estimator, label, positive, work, **work.training(label))
        return estimator.model


def _linear(label: str, positive: str, work: Work, **options: Any) -> keras.Model:
    optimizer = keras.optimizers.Ftrl(work.config.linear_learning_rate)
    with TemporaryDirectory() as folder:
        estimator = LinearClassifier(list(_columns(work).values()), folder, optimizer=optimizer)
        _train(estimator, label, positive, work, **options)
        return estimator.model


def _train(estimator: Any, label: str, positive: str, work: Work, **options: Any) -> None:
    features, truth = _arrays(label, positive, work, "train")
    held_out = _arrays(label, positive, work, "validation")
    if not 0 < truth.mean() < 1:
        raise InputError(
            f"training needs both values of the label `{label}`. Received: {truth.mean():.0%} {positive!r}"
        )
    batch = min(work.config.batch, len(truth))
    estimator.fit(
        Batches(features, truth, batch, seed=work.seed, drop_remainder=True),
        epochs=work.config.epochs,
        validation=Batches(*held_out, _TOGETHER) if len(held_out[1]) else None,
        patience=work.config.patience,
        **options,
    )


def evaluate(label: str, positive: str, model: keras.Model, work: Work, split: str) -> dict[str, float]:
    """AUC (where both values occur), log loss and accuracy on a split."""
    features, truth = _arrays(label, positive, work, split)
    if not len(truth):
        raise InputError(f"the {split} split must have records. Received: none")
    logits = call_model(model, {name: tf.constant(values) for name, values in features.items()}).numpy()
    return binary_metrics(truth, logistic(logits))


def baselines(label: str, positive: str, work: Work, split: str) -> dict[str, dict[str, float]]:
    """The share of positive records as everyone's probability, and a linear classifier over the same columns."""
    share = float(_arrays(label, positive, work, "train")[1].mean())
    truth = _arrays(label, positive, work, split)[1]
    keras.utils.set_random_seed(work.seed)
    linear = _linear(label, positive, work, progress=work.progress, title=f"train {label}")
    return {
        "prior": binary_metrics(truth, np.full(len(truth), share)),
        "linear_classifier": evaluate(label, positive, linear, work, split),
    }


def signature(label: str, positive: str, model: keras.Model, work: Work) -> Signature:
    """`classify`: one record's features in (indices of the vocabularies, and numbers), the probability out."""
    inputs: dict[str, tuple[tuple[int, ...], str]] = {}
    for name, column in _columns(work).items():
        is_list = isinstance(column, CategoryColumn) and column.length is not None
        inputs[name] = (
            (1, work.config.list_length) if is_list else (1,),
            "int32" if isinstance(column, CategoryColumn) else "float32",
        )

    def classify(**features: Any) -> Mapping[str, Any]:
        return {"probability": tf.sigmoid(call_model(model, features))}

    return Signature("classify", classify, inputs)


def assets(label: str, positive: str, work: Work) -> dict[str, bytes]:
    """`NAME.txt` for each vocabulary (line i is index i, from 1), and `signature.json`."""
    made = {}
    for name, column in _columns(work).items():
        if isinstance(column, CategoryColumn):
            terms = [term.replace("\n", " ") for term in work.dataset.vocabulary(name)]
            made[f"{name}.txt"] = "".join(f"{term}\n" for term in terms).encode()
    use = {"signature": "classify", "probability": f"that {label} is {positive}"}
    return made | {"signature.json": json.dumps(use, indent=1).encode()}


def requests(label: str, positive: str, work: Work, split: str) -> list[dict[str, Any]]:
    """The first records of a split, one a call."""
    features, truth = _arrays(label, positive, work, split)
    return [
        {name: values[row : row + 1] for name, values in features.items()} for row in range(min(_REQUESTS, len(truth)))
    ]


def score(label: str, positive: str, outputs: Sequence[Outputs], work: Work, split: str) -> dict[str, float]:
    """Metrics of the exported function."""
    truth = _arrays(label, positive, work, split)[1][: len(outputs)]
    return binary_metrics(truth, np.concatenate([output["probability"] for output in outputs]).astype(np.float64))


def agreement(reference: Sequence[Outputs], outputs: Sequence[Outputs]) -> float:
    """Share of the records that two systems decide alike."""
    first, second = (np.concatenate([output["probability"] for output in side]) for side in (reference, outputs))
    return float(((first >= 0.5) == (second >= 0.5)).mean())
