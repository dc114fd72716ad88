"""What every kind of column gives is what tf.estimator 2.15.1 gave, by the sparse way and by the short one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from gristmill.estimator.columns import DenseInput, LinearLogits, linear, tensors
from gristmill.estimator.errors import ArgumentError

fc = tf.feature_column

FEATURES: dict[str, Any] = {
    "c": np.array(["a", "", "x", "d", "b"]),
    "i": np.array([4, -1, 5, 2, 0]),
    "n": np.array([1, 2, 3, 4, 5]),
    "x": np.arange(10, dtype=np.float32).reshape(5, 2) / 4,
    "y": np.array([-0.5, 0.0, 0.9, 1.0, np.nan], np.float32),
    "many": np.array([["a", "b"], ["", "d"], ["x", ""], ["", ""], ["b", "b"]]),
    "w": np.array([[0.5, 2.0], [0.0, 3.0], [1.5, 0.0], [0.0, 0.0], [-1.0, 4.0]], np.float32),
}


def vocabulary(key: str = "c", **options: Any) -> Any:
    return fc.categorical_column_with_vocabulary_list(key, ["a", "b", "d"], **options)


def integers(**options: Any) -> Any:
    return fc.categorical_column_with_vocabulary_list("i", [2, 4, 9], dtype=tf.int64, **options)


def bucketized() -> Any:
    return fc.bucketized_column(fc.numeric_column("y"), [0.0, 1.0])


def pair() -> Any:
    return fc.bucketized_column(fc.numeric_column("x", shape=(2,)), [0.5, 1.5])


def weighted() -> Any:
    return fc.weighted_categorical_column(vocabulary("many"), "w")


COLUMNS: dict[str, Callable[[], Any]] = {
    "numeric": lambda: fc.numeric_column("x", shape=(2,)),
    "numeric from integers": lambda: fc.numeric_column("n"),
    "normalized": lambda: fc.numeric_column("n", normalizer_fn=lambda values: (values - 3) * 2),
    "bucketized": bucketized,
    "bucketized pair": pair,
    "identity": lambda: fc.categorical_column_with_identity("i", 6),
    "identity with default": lambda: fc.categorical_column_with_identity("i", 5, default_value=1),
    "vocabulary": vocabulary,
    "vocabulary with buckets": lambda: vocabulary(num_oov_buckets=3),
    "vocabulary with default": lambda: vocabulary(default_value=2),
    "vocabulary of integers": integers,
    "vocabulary of integers with buckets": lambda: integers(num_oov_buckets=4),
    "hash": lambda: fc.categorical_column_with_hash_bucket("c", 11),
    "hash of integers": lambda: fc.categorical_column_with_hash_bucket("i", 11, dtype=tf.int64),
    "several": lambda: vocabulary("many"),
    "weighted": weighted,
    "crossed": lambda: fc.crossed_column(["c", bucketized()], 17),
    "crossed features": lambda: fc.crossed_column(["c", "many"], 13, hash_key=5),
}
FILES: dict[str, dict[str, Any]] = {
    "file": {},
    "file with buckets": {"num_oov_buckets": 2},
    "file with default": {"default_value": 0},
}
LINEAR: dict[str, Any] = {
    "numeric": [[1.75, 3], [3.75, 6], [5.75, 9], [7.75, 12], [9.75, 15]],
    "numeric from integers": [[2, 4], [3, 6], [4, 8], [5, 10], [6, 12]],
    "normalized": [[-3, -6], [-1, -2], [1, 2], [3, 6], [5, 10]],
    "bucketized": [[2, 4], [4, 6], [4, 6], [6, 8], [6, 8]],
    "bucketized pair": [[9, 12], [13, 16], [13, 16], [17, 20], [17, 20]],
    "identity": [[10, 12], [1, 2], [12, 14], [6, 8], [2, 4]],
    "identity with default": [[10, 12], [1, 2], [4, 6], [6, 8], [2, 4]],
    "vocabulary": [[2, 4], [1, 2], [1, 2], [6, 8], [4, 6]],
    "vocabulary with buckets": [[2, 4], [1, 2], [12, 14], [6, 8], [4, 6]],
    "vocabulary with default": [[2, 4], [1, 2], [6, 8], [6, 8], [4, 6]],
    "vocabulary of integers": [[4, 6], [1, 2], [1, 2], [2, 4], [1, 2]],
    "vocabulary of integers with buckets": [[4, 6], [1, 2], [14, 16], [2, 4], [14, 16]],
    "file": [[2, 4], [1, 2], [1, 2], [6, 8], [4, 6]],
    "file with buckets": [[2, 4], [1, 2], [8, 10], [6, 8], [4, 6]],
    "file with default": [[2, 4], [1, 2], [2, 4], [6, 8], [4, 6]],
    "hash": [[18, 20], [1, 2], [10, 12], [6, 8], [18, 20]],
    "hash of integers": [[14, 16], [1, 2], [22, 24], [2, 4], [6, 8]],
    "several": [[5, 8], [6, 8], [1, 2], [1, 2], [7, 10]],
    "weighted": [[7.5, 11], [16, 20], [1, 2], [1, 2], [10, 14]],
    "crossed": [[22, 24], [6, 8], [6, 8], [30, 32], [12, 14]],
    "crossed features": [[17, 20], [23, 26], [43, 46], [7, 10], [43, 46]],
}
INDICES: dict[str, Any] = {
    "bucketized": [[0], [1], [1], [2], [2]],
    "bucketized pair": [[0, 3], [1, 4], [1, 4], [2, 5], [2, 5]],
    "identity": [[4], [], [5], [2], [0]],
    "identity with default": [[4], [], [1], [2], [0]],
    "vocabulary": [[0], [], [], [2], [1]],
    "vocabulary with buckets": [[0], [], [5], [2], [1]],
    "vocabulary with default": [[0], [], [2], [2], [1]],
    "vocabulary of integers": [[1], [], [], [0], []],
    "vocabulary of integers with buckets": [[1], [], [6], [0], [6]],
    "file": [[0], [], [], [2], [1]],
    "file with buckets": [[0], [], [3], [2], [1]],
    "file with default": [[0], [], [0], [2], [1]],
    "hash": [[8], [], [4], [2], [8]],
    "hash of integers": [[6], [], [10], [0], [2]],
    "several": [[0, 1], [2], [], [], [1, 1]],
    "crossed": [[10], [2], [2], [14], [5]],
    "crossed features": [[0, 7], [4, 6], [10, 10], [1, 1], [10, 10]],
}
NUMBERS: dict[str, Any] = {
    "numeric": [[0, 0.25], [0.5, 0.75], [1, 1.25], [1.5, 1.75], [2, 2.25]],
    "numeric from integers": [[1], [2], [3], [4], [5]],
    "normalized": [[-4], [-2], [0], [2], [4]],
    "weighted": [[0.5, 2, 0], [0, 0, 3], [0, 0, 0], [0, 0, 0], [0, 3, 0]],
}
EMBEDDING: dict[str, Any] = {
    "identity": [[9, 10], [0, 0], [11, 12], [5, 6], [1, 2]],
    "identity with default": [[9, 10], [0, 0], [3, 4], [5, 6], [1, 2]],
    "vocabulary": [[1, 2], [0, 0], [0, 0], [5, 6], [3, 4]],
    "vocabulary with buckets": [[1, 2], [0, 0], [11, 12], [5, 6], [3, 4]],
    "vocabulary with default": [[1, 2], [0, 0], [5, 6], [5, 6], [3, 4]],
    "vocabulary of integers": [[3, 4], [0, 0], [0, 0], [1, 2], [0, 0]],
    "vocabulary of integers with buckets": [[3, 4], [0, 0], [13, 14], [1, 2], [13, 14]],
    "file": [[1, 2], [0, 0], [0, 0], [5, 6], [3, 4]],
    "file with buckets": [[1, 2], [0, 0], [7, 8], [5, 6], [3, 4]],
    "file with default": [[1, 2], [0, 0], [1, 2], [5, 6], [3, 4]],
    "hash": [[17, 18], [0, 0], [9, 10], [5, 6], [17, 18]],
    "hash of integers": [[13, 14], [0, 0], [21, 22], [1, 2], [5, 6]],
    "several": [[2, 3], [5, 6], [0, 0], [0, 0], [3, 4]],
    "weighted": [[2.6, 3.6], [5, 6], [0, 0], [0, 0], [3, 4]],
    "crossed": [[21, 22], [5, 6], [5, 6], [29, 30], [11, 12]],
    "crossed features": [[8, 9], [11, 12], [21, 22], [3, 4], [21, 22]],
}
COMBINED: dict[tuple[str, str, str], Any] = {
    ("sum", "several", "linear"): [4, 4, 1, 1, 5],
    ("sum", "several", "embedding"): [[4, 6], [5, 6], [0, 0], [0, 0], [6, 8]],
    ("sum", "weighted", "linear"): [5.5, 10, 1, 1, 7],
    ("sum", "weighted", "embedding"): [[6.5, 9], [15, 18], [0, 0], [0, 0], [9, 12]],
    ("sum", "bucketized pair", "linear"): [6, 8, 8, 10, 10],
    ("sum", "crossed features", "linear"): [10, 13, 23, 5, 23],
    ("sum", "crossed features", "embedding"): [[16, 18], [22, 24], [42, 44], [6, 8], [42, 44]],
    ("mean", "several", "linear"): [2.5, 4, 1, 1, 3],
    ("mean", "several", "embedding"): [[2, 3], [5, 6], [0, 0], [0, 0], [3, 4]],
    ("mean", "weighted", "linear"): [2.8, 4, 1, 1, 3],
    ("mean", "weighted", "embedding"): [[2.6, 3.6], [5, 6], [0, 0], [0, 0], [3, 4]],
    ("mean", "bucketized pair", "linear"): [3.5, 4.5, 4.5, 5.5, 5.5],
    ("mean", "crossed features", "linear"): [5.5, 7, 12, 3, 12],
    ("mean", "crossed features", "embedding"): [[8, 9], [11, 12], [21, 22], [3, 4], [21, 22]],
    ("sqrtn", "several", "linear"): [3.1213, 4, 1, 1, 3.8284],
    ("sqrtn", "several", "embedding"): [[2.8284, 4.2426], [5, 6], [0, 0], [0, 0], [4.2426, 5.6568]],
    ("sqrtn", "weighted", "linear"): [3.1828, 4, 1, 1, 3],
    ("sqrtn", "weighted", "embedding"): [[3.153, 4.3656], [5, 6], [0, 0], [0, 0], [3, 4]],
    ("sqrtn", "bucketized pair", "linear"): [4.5355, 5.9497, 5.9497, 7.364, 7.364],
    ("sqrtn", "crossed features", "linear"): [7.364, 9.4853, 16.5564, 3.8284, 16.5564],
    ("sqrtn", "crossed features", "embedding"): [
        [11.3137, 12.7279],
        [15.5563, 16.9706],
        [29.6985, 31.1127],
        [4.2426, 5.6568],
        [29.6985, 31.1127],
    ],
}
CLIPPED: dict[str, Any] = {
    "several": [[1.0472, 1.6944], [1.2804, 1.5364], [0, 0], [0, 0], [1.2, 1.6]],
    "vocabulary": [[0.8944, 1.7888], [0, 0], [0, 0], [1.2804, 1.5364], [1.2, 1.6]],
}
DENSE = {"numeric", "numeric from integers", "normalized", "bucketized", "bucketized pair"}


@pytest.fixture
def column(tmp_path: Path) -> Callable[[str], Any]:
    def make(name: str) -> Any:
        if name not in FILES:
            return COLUMNS[name]()
        path = tmp_path / "words.txt"
        path.write_text("a\nb\nd\n", "utf-8")
        return fc.categorical_column_with_vocabulary_file("c", str(path), **FILES[name])

    return make


@pytest.fixture(params=["short", "sparse"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Either way to the indices of dense tensors."""
    if request.param == "sparse":
        for module in (linear, tensors):
            monkeypatch.setattr(module, "single_ids", lambda *arguments: None)


def counted(layer: Any) -> Any:
    """The layer with the weights 1, 2, 3 ... in each of its variables."""
    for variable in layer.variables:
        variable.assign(np.arange(1, 1 + np.prod(variable.shape), dtype=np.float32).reshape(variable.shape))
    return layer


def given(layer: Any, features: dict[str, Any] = FEATURES) -> Any:
    """What a layer gives; the same from `[batch]` and `[batch, 1]`."""
    standing = {name: value[:, None] if np.ndim(value) == 1 else value for name, value in features.items()}
    found = np.asarray(layer(features))
    np.testing.assert_allclose(layer(standing), found, rtol=1e-5)
    return found


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("name", LINEAR)
def test_a_linear_model_adds_up_weights(name: str, column: Callable[[str], Any]) -> None:
    np.testing.assert_allclose(given(counted(LinearLogits([column(name)], units=2))), LINEAR[name], rtol=1e-4)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("name", EMBEDDING)
def test_an_embedding_is_a_row_of_its_table(name: str, column: Callable[[str], Any]) -> None:
    layer = counted(DenseInput([fc.embedding_column(column(name), 2)]))
    np.testing.assert_allclose(given(layer), EMBEDDING[name], rtol=1e-4)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("name", INDICES)
def test_an_indicator_counts_values(name: str, column: Callable[[str], Any]) -> None:
    made = column(name)
    counts = given(DenseInput([made if name in DENSE else fc.indicator_column(made)]))
    assert [np.repeat(np.arange(row.size), row.astype(int)).tolist() for row in counts] == INDICES[name]


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_enter_as_they_are(name: str, column: Callable[[str], Any]) -> None:
    made = column(name)
    layer = DenseInput([made if name in DENSE else fc.indicator_column(made)])
    np.testing.assert_allclose(given(layer), NUMBERS[name], rtol=1e-4)


@pytest.mark.parametrize(("combiner", "name", "half"), COMBINED)
def test_combiners(combiner: str, name: str, half: str, column: Callable[[str], Any]) -> None:
    made = column(name)
    if half == "linear":
        found = given(counted(LinearLogits([made], sparse_combiner=combiner)))[:, 0]
    else:
        found = given(counted(DenseInput([fc.embedding_column(made, 2, combiner=combiner)])))
    np.testing.assert_allclose(found, COMBINED[combiner, name, half], rtol=1e-4)


@pytest.mark.parametrize("name", CLIPPED)
def test_long_embeddings_are_cut(name: str, column: Callable[[str], Any]) -> None:
    layer = counted(DenseInput([fc.embedding_column(column(name), 2, max_norm=2.0)]))
    np.testing.assert_allclose(given(layer), CLIPPED[name], rtol=1e-4)


def test_sparse_and_ragged_tensors() -> None:
    column = vocabulary("many")
    dense = given(counted(LinearLogits([column])))
    ragged = tf.ragged.constant([["a", "b"], ["d"], ["x"], [], ["b", "b"]])
    for tensor in (ragged, ragged.to_sparse()):
        np.testing.assert_allclose(counted(LinearLogits([column]))({"many": tensor}), dense)


def test_columns_stand_in_the_order_of_their_names() -> None:
    columns = [
        fc.numeric_column("n"),
        fc.embedding_column(vocabulary(), 2),
        fc.indicator_column(integers()),
        bucketized(),
    ]
    layer = counted(DenseInput(columns))
    expected = np.hstack([given(counted(DenseInput([columns[place]]))) for place in (1, 2, 0, 3)])
    np.testing.assert_allclose(given(layer), expected)


def test_a_linear_model_of_all_columns_is_the_sum_of_its_parts(column: Callable[[str], Any]) -> None:
    names = [
        "numeric",
        "normalized",
        "bucketized",
        "identity",
        "vocabulary with buckets",
        "several",
        "weighted",
        "crossed",
    ]
    whole = given(counted(LinearLogits([column(name) for name in names])))
    bias = 1.0
    parts = [given(counted(LinearLogits([column(name)]))) - bias for name in names]
    np.testing.assert_allclose(whole, np.sum(parts, axis=0) + bias, rtol=1e-5)


def test_compiled_code_gives_the_same(column: Callable[[str], Any]) -> None:
    names = [
        "numeric",
        "normalized",
        "bucketized",
        "identity",
        "vocabulary with buckets",
        "several",
        "weighted",
        "crossed",
    ]
    columns = [column(name) for name in names]
    dense = [made if name in DENSE else fc.embedding_column(made, 2) for name, made in zip(names, columns, strict=True)]
    tensors = {name: tf.constant(value) for name, value in FEATURES.items()}
    for layer in (counted(LinearLogits(columns, units=2)), counted(DenseInput(dense))):
        np.testing.assert_allclose(tf.function(layer)(tensors), given(layer), rtol=1e-5)


def test_one_value_a_record_makes_no_sparse_tensor(column: Callable[[str], Any]) -> None:
    tensors = {name: tf.constant(value) for name, value in FEATURES.items()}
    for name in ("numeric", "bucketized", "identity with default", "vocabulary with buckets", "hash", "file"):
        graph = tf.function(LinearLogits([column(name)])).get_concrete_function(tensors).graph
        assert "Where" not in {operation.type for operation in graph.get_operations()}


@pytest.mark.parametrize(("value", "expected"), [(-1, 0.0), (3, 4.0)])
def test_the_index_minus_one_stands_for_nothing(value: int, expected: float) -> None:
    layer = counted(LinearLogits([COLUMNS["identity"]()]))
    assert layer({"i": np.array([value])}).numpy() == pytest.approx(expected + 1.0)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("half", ["linear", "embedding"])
def test_an_index_beyond_the_table_is_refused(half: str) -> None:
    column = fc.categorical_column_with_identity("i", 5)
    layer = LinearLogits([column]) if half == "linear" else DenseInput([fc.embedding_column(column, 2)])
    with pytest.raises(ArgumentError, match=r"the feature 'i' must lie within \[0, 4\].* Received: \["):
        layer(FEATURES)
