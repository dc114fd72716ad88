"""The retrieval model: what a state may depend on, and that a saved model scores the same."""

from pathlib import Path

import keras
import numpy as np
import pytest

from apps.recommend.next_item import NextItemModel

WINDOW = 6
ONE = np.ones((1, WINDOW), np.int32)


@pytest.fixture(scope="module")
def model() -> NextItemModel:
    keras.utils.set_random_seed(5)
    made = NextItemModel(items=9, width=8, layers=2, heads=2, window=WINDOW, dropout=0.3, embedding_dropout=0.3)
    made((ONE, ONE))
    random = np.random.default_rng(0)
    for variable in made.trainable_variables:
        variable.assign(variable.numpy() + random.normal(scale=0.3, size=variable.shape))
    return made


def states(model: NextItemModel, items: list[int], segments: list[int] | None = None) -> np.ndarray:
    return model((np.array([items], np.int32), np.array([segments or [1] * len(items)], np.int32))).numpy()[0]


def test_a_later_event_changes_no_earlier_state(model: NextItemModel) -> None:
    before, after = states(model, [1, 2, 3, 4, 5, 6]), states(model, [1, 2, 3, 9, 5, 6])
    np.testing.assert_allclose(before[:3], after[:3], atol=1e-6)
    assert (np.abs(before[3:] - after[3:]).max(axis=1) > 1e-3).all()


def test_another_user_in_the_row_changes_nothing(model: NextItemModel) -> None:
    before = states(model, [1, 2, 3, 4, 5, 6], [7, 7, 8, 8, 8, 9])
    after = states(model, [9, 9, 3, 4, 5, 1], [7, 7, 8, 8, 8, 9])
    np.testing.assert_allclose(before[2:5], after[2:5], atol=1e-6)
    assert np.abs(before[:2] - after[:2]).max() > 1e-3


def test_where_in_the_row_a_history_stands_does_not_matter(model: NextItemModel) -> None:
    first = states(model, [1, 2, 3, 8, 8, 8], [1, 1, 1, 2, 2, 2])[:3]
    last = states(model, [8, 8, 8, 1, 2, 3], [2, 2, 2, 1, 1, 1])[3:]
    np.testing.assert_allclose(first, last, atol=1e-6)


def test_padding_on_the_left_does_not_matter(model: NextItemModel) -> None:
    padded = model.next_scores(np.array([[0, 0, 0, 1, 2, 3]], np.int32)).numpy()[0]
    alone = model.scores(states(model, [1, 2, 3, 4, 4, 4])[2]).numpy()
    np.testing.assert_allclose(padded, alone, atol=1e-5)


def test_the_order_of_events_matters(model: NextItemModel) -> None:
    first, second = (states(model, items)[-1] for items in ([1, 2, 3, 4, 5, 6], [2, 1, 3, 5, 4, 6]))
    assert np.abs(first - second).max() > 1e-3


def test_scores_are_states_times_embeddings_and_a_bias(model: NextItemModel) -> None:
    state = states(model, [1, 2, 3, 4, 5, 6])[-1]
    expected = model.table.numpy() @ state + model.bias.numpy()
    np.testing.assert_allclose(model.scores(state).numpy(), expected, atol=1e-5)
    assert expected.shape == (10,)


def test_dropout_acts_in_training_only(model: NextItemModel) -> None:
    items = (np.array([[1, 2, 3, 4, 5, 6]], np.int32), ONE)
    np.testing.assert_array_equal(model(items), model(items))
    assert np.abs(model(items, training=True) - model(items)).max() > 1e-3


def test_the_model_computes_in_32_bits(model: NextItemModel) -> None:
    assert {variable.dtype for variable in model.trainable_variables} == {"float32"}
    assert model.next_scores(ONE).dtype == "float32"


def test_a_saved_model_scores_the_same(model: NextItemModel, tmp_path: Path) -> None:
    model.save(tmp_path / "retrieval.keras")
    loaded = keras.saving.load_model(tmp_path / "retrieval.keras")
    histories = np.array([[0, 0, 0, 0, 0, 4], [1, 2, 3, 4, 5, 6]], np.int32)
    np.testing.assert_array_equal(loaded.next_scores(histories), model.next_scores(histories))
    assert loaded.arguments == model.arguments


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(ValueError, match=r"heads must divide width. Received: heads=3, width=8"):
        NextItemModel(9, 8, 1, 3, WINDOW, 0.0, 0.0)
