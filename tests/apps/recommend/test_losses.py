"""The losses against a plain computation: over the whole catalogue, and over a sample with its correction."""

from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from apps.recommend import losses
from apps.recommend.losses import full_loss, sampled_loss
from apps.recommend.next_item import NextItemModel
from apps.recommend.stream import Rows, pack
from gristmill.training import Group, Step

ITEMS, WINDOW = 6, 4
HISTORIES = [np.array(history, np.int32) for history in ([1, 2, 3, 2, 4], [5, 6], [1, 1, 6])]
"""The first and the third user meet an item again."""


@pytest.fixture(scope="module")
def model() -> NextItemModel:
    keras.utils.set_random_seed(3)
    made = NextItemModel(ITEMS, width=8, layers=1, heads=2, window=WINDOW, dropout=0.0, embedding_dropout=0.0)
    empty = np.zeros((1, WINDOW), np.int32)
    made((empty, empty))
    made.bias.assign(np.linspace(-1, 1, ITEMS + 1))
    return made


@pytest.fixture(scope="module")
def rows() -> Rows:
    return pack(HISTORIES, WINDOW, 2, np.random.default_rng(4))


def plain(model: NextItemModel, rows: Rows, seen_mask: bool) -> float:
    """Mean over the targets of minus the log of the softmax over the items that may be recommended."""
    scores = model.scores(model((rows.items, rows.segments))).numpy().astype(float)
    found = []
    for row, place in np.argwhere(rows.targets > 0):
        target = rows.targets[row, place]
        seen = {0}
        if seen_mask:
            seen |= set(HISTORIES[rows.segments[row, place] - 1][: rows.places[row, place] + 1].tolist())
        if target not in seen:
            allowed = [item for item in range(ITEMS + 1) if item not in seen]
            found.append(np.log(np.exp(scores[row, place, allowed]).sum()) - scores[row, place, target])
    return float(np.mean(found))


def evaluate(loss: Any, rows: Rows) -> float:
    return float(loss(tuple(tf.constant(part) for part in rows)))


def seeds() -> keras.random.SeedGenerator:
    return keras.random.SeedGenerator(1)


def test_the_full_loss_leaves_out_what_was_seen_and_what_is_met_again(model: NextItemModel, rows: Rows) -> None:
    assert evaluate(full_loss(model, HISTORIES), rows) == pytest.approx(plain(model, rows, True), rel=1e-5)


def test_without_a_table_of_meetings_only_padding_is_left_out(
    model: NextItemModel, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(losses, "_LARGEST_SEEN_TABLE", 0)
    assert evaluate(full_loss(model, HISTORIES), rows) == pytest.approx(plain(model, rows, False), rel=1e-5)


def test_a_repeated_item_gives_no_gradient(model: NextItemModel) -> None:
    history = [np.array([2, 2], np.int32)]
    batch = tuple(tf.constant([row], tf.int32) for row in ([2, 2, 0, 0], [1, 1, 0, 0], [2, 0, 0, 0], [0, 1, 0, 0]))
    with tf.GradientTape() as tape:
        loss = full_loss(model, history)(batch)
    gradients = tape.gradient(loss, [variable.value for variable in model.trainable_variables])
    assert float(loss) == 0
    assert not any(np.any(tf.convert_to_tensor(gradient)) for gradient in gradients if gradient is not None)


def test_rows_of_fillers_have_no_loss(model: NextItemModel) -> None:
    nothing = Rows(*np.zeros((4, 2, WINDOW), np.int32))
    assert evaluate(full_loss(model, HISTORIES), nothing) == evaluate(sampled_loss(model, 3, seeds()), nothing) == 0


def test_a_user_who_has_met_everything_breaks_nothing(model: NextItemModel) -> None:
    history = [np.arange(1, ITEMS + 1, dtype=np.int32)]
    packed = pack(history, WINDOW, 1, np.random.default_rng(0))
    assert np.isfinite(evaluate(full_loss(model, history), packed))


def test_a_sample_of_all_items_is_the_full_softmax(model: NextItemModel, rows: Rows) -> None:
    """After so many draws every item is in the sample, and the correction is nothing."""
    assert evaluate(sampled_loss(model, 5000, seeds()), rows) == pytest.approx(plain(model, rows, False), rel=1e-5)


def test_the_same_state_draws_the_same_sample(model: NextItemModel, rows: Rows) -> None:
    source = seeds()
    loss, start = sampled_loss(model, 3, source), source.state.numpy()
    first, second = evaluate(loss, rows), evaluate(loss, rows)
    source.state.assign(start)
    assert evaluate(loss, rows) == first != second


class Biases:
    """A model that scores each item by its bias alone."""

    def __init__(self, items: int) -> None:
        self.items, self.width = items, 1
        self.table = SimpleNamespace(value=tf.zeros((items + 1, 1)))
        self.bias = keras.Variable(np.zeros(items + 1, np.float32))

    def __call__(self, inputs: Any, training: bool = False) -> Any:
        return tf.zeros((*inputs[0].shape, 1))


def learned_shares(targets: np.ndarray, items: int, drawn: int) -> np.ndarray:
    """The softmax over items that training on a sample of them learns."""
    keras.utils.set_random_seed(0)
    model = Biases(items)
    step = Step(sampled_loss(model, drawn, seeds()), [Group(keras.optimizers.Adam(0.02), [model.bias])], average=0.998)
    batch = tuple(tf.constant(part[None]) for part in (targets, targets, targets, targets))
    for _ in range(1000):
        step(batch)
    exponents = np.exp(step.weights()[0][1:])
    return exponents / exponents.sum()


def test_the_correction_makes_a_sample_learn_the_shares_of_all_items(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it, items that are drawn often come out as too rare."""
    counts = np.array([40, 10, 20, 10, 5, 5, 10, 20, 40, 10, 10, 20])
    targets = np.repeat(np.arange(1, 13, dtype=np.int32), counts)
    shares = counts / counts.sum()
    corrected = learned_shares(targets, 12, 6)
    monkeypatch.setattr(losses, "_log_sampled", lambda items, count, span: tf.zeros(tf.shape(items)))
    assert np.abs(np.log(corrected / shares)).max() < 0.25
    assert np.abs(np.log(learned_shares(targets, 12, 6) / shares)).max() > 0.5
