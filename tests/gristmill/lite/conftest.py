"""A tiny recommender and a tiny ranking model, converted once for all tests."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gristmill.lite import FORMATS, Job, LiteModel, Signature, convert_jobs, export_saved_model

ITEMS, LENGTH, WIDTH, TOP = 200, 16, 32, 20
ASSETS = {"items.txt": b"Alien\nBrazil\n", "metadata/about.json": b'{"name": "tiny"}'}


@dataclass(frozen=True)
class Converted:
    """What the one conversion made."""

    folder: Path
    recommend: Callable[..., dict[str, Any]]
    rank: Callable[..., dict[str, Any]]
    histories: np.ndarray
    weights: int

    def file(self, stem: str, name: str) -> Path:
        return self.folder / f"{stem}-{name}.tflite"

    def load(self, stem: str = "retrieval", name: str = "f32") -> LiteModel:
        return LiteModel(self.file(stem, name))


def build_recommender() -> tuple[Any, Callable[..., dict[str, Any]], Callable[..., dict[str, Any]]]:
    """A pre-norm Transformer block over the history; returns it with its two functions."""
    import keras
    import tensorflow as tf

    history = keras.Input((LENGTH,), dtype="int32", name="history")
    table = keras.layers.Embedding(ITEMS, WIDTH)
    places = keras.layers.Embedding(LENGTH, WIDTH)
    x = table(history) + places(keras.ops.arange(LENGTH))
    y = keras.layers.LayerNormalization()(x)
    attention = keras.layers.MultiHeadAttention(2, WIDTH // 2)
    x = x + attention(y, y, attention_mask=keras.ops.expand_dims(history > 0, 1), use_causal_mask=True)
    y = keras.layers.Dense(4 * WIDTH, activation="gelu")(keras.layers.LayerNormalization()(x))
    x = x + keras.layers.Dense(WIDTH)(y)
    model = keras.Model(history, keras.layers.LayerNormalization()(x)[:, -1])

    def scores(history: Any) -> Any:
        return tf.matmul(model(history, training=False), table.embeddings, transpose_b=True)

    def recommend(history: Any) -> dict[str, Any]:
        seen = tf.scatter_nd(tf.transpose(history), tf.ones([LENGTH]), [ITEMS])
        left = tf.where((seen > 0) | (tf.range(ITEMS) == 0), -1e9, scores(history))
        values, items = tf.math.top_k(left, TOP)
        return {"items": items, "scores": values}

    def score(items: Any, history: Any) -> dict[str, Any]:
        return {"score": tf.gather(scores(history), items, axis=1, batch_dims=1)}

    return model, recommend, score


def build_ranker() -> tuple[Any, Callable[..., dict[str, Any]]]:
    """A wide and a deep half over a word and a number.

    LiteRT loses the shape behind a lookup table, so the function sets it again.
    """
    import keras

    lookup = keras.layers.StringLookup(vocabulary=["Oslo", "Rome"])
    place = keras.Input((1,), dtype="int64", name="place")
    number = keras.Input((1,), name="age")
    deep = keras.layers.Concatenate()([keras.layers.Embedding(3, 4)(place)[:, 0], number])
    wide = keras.layers.Embedding(3, 1)(place)[:, 0]
    total = wide + keras.layers.Dense(1)(keras.layers.Dense(8, activation="relu")(deep))
    model = keras.Model([place, number], keras.ops.sigmoid(total))
    model.lookup = lookup

    def rank(age: Any, city: Any) -> dict[str, Any]:
        place = keras.ops.reshape(lookup(city), (1, 1))
        return {"probability": model([place, age], training=False)}

    return model, rank


@pytest.fixture(scope="session")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Converted:
    import keras

    keras.utils.set_random_seed(3)
    folder = tmp_path_factory.mktemp("lite")
    model, recommend, score = build_recommender()
    history = ((1, LENGTH), "int32")
    signatures = [
        Signature("recommend", recommend, {"history": history}),
        Signature("score", score, {"items": ((1, 5), "int32"), "history": history}),
    ]
    ranker, rank = build_ranker()
    rank_signature = Signature("rank", rank, {"age": ((1, 1), "float32"), "city": ((1,), "string")})
    export_saved_model(model, signatures, folder / "retrieval")
    export_saved_model(ranker, [rank_signature], folder / "ranking")
    outputs = {name: folder / f"retrieval-{name}.tflite" for name in FORMATS}
    ranking = Job(folder / "ranking", {"f32": folder / "ranking-f32.tflite"})
    convert_jobs([Job(folder / "retrieval", outputs, ASSETS), ranking])
    rows = np.random.default_rng(5).integers(1, ITEMS, (12, 1, LENGTH), dtype=np.int32)
    rows[:4, :, :9] = 0
    return Converted(folder, recommend, rank, rows, model.count_params())
