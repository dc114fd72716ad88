"""Training: the loss by its definition, the schedule, and that a tiny network learns and goes on where it stopped."""

from pathlib import Path

import keras
import numpy as np
import pytest

from apps.translation.config import DecodingConfig, NetworkConfig, TrainingConfig
from apps.translation.decoding import ModelEngine
from apps.translation.model import Pairs, Transformer, make_step, new_transformer, train_transformer
from apps.translation.model.batches import PackedBatches
from apps.translation.model.loss import smoothed_mean
from apps.translation.model.schedule import InverseSquareRoot
from gristmill.lite import round_to_int8
from gristmill.training import Checkpoints, Observer
from gristmill.workflow.precision import set_precision

NETWORK = NetworkConfig(width=32, heads=2, encoder_layers=1, decoder_layers=1, feed_forward=64, distances=4)
TRAINING = TrainingConfig(
    epochs=3,
    batch_pieces=64,
    row_lengths=(16,),
    warm_up=10,
    learning_rate=0.01,
    dropout=0.1,
    average=0.9,
    jit_compile=False,
)


def test_the_loss_is_the_cross_entropy_against_smoothed_labels() -> None:
    random = np.random.default_rng(0)
    states, table = random.normal(size=(5, 4)), random.normal(size=(7, 4))
    wanted = np.array([3, 0, 6, 1, 0], np.int32)
    scores = states @ table.T
    chances = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    labels = 0.9 * np.eye(7)[wanted] + 0.1 / 7
    by_place = -(labels * chances).sum(axis=1)
    found = smoothed_mean(states.astype(np.float32), table.astype(np.float32), wanted, 0.1)
    assert float(found) == pytest.approx(by_place[wanted > 0].mean(), rel=1e-5)


def test_the_learning_rate_rises_falls_and_cools_down() -> None:
    rate = InverseSquareRoot(0.1, warm_up=10, steps=100, cool_down=20)
    assert float(rate(0)) == pytest.approx(0.01)
    assert float(rate(9)) == pytest.approx(0.1)
    assert float(rate(39)) == pytest.approx(0.05)
    assert float(rate(90)) == pytest.approx(0.1 * (10 / 91) ** 0.5 * 0.5)
    assert float(rate(99)) == pytest.approx(0.1 * 0.1**0.5 / 20)
    assert InverseSquareRoot.from_config(rate.get_config()).get_config() == rate.get_config()


def reversed_pairs(count: int, seed: int) -> Pairs:
    """The target is the source from its end."""
    random = np.random.default_rng(seed)
    source = [random.integers(4, 8, random.integers(1, 5)).astype(np.int32) for _ in range(count)]
    return Pairs(source, [side[::-1] for side in source])


def test_a_tiny_network_learns_to_reverse() -> None:
    pairs, held_out = reversed_pairs(800, 0), reversed_pairs(50, 1)
    config = TRAINING.model_copy(update={"epochs": 15, "dropout": 0.0})
    model = train_transformer(pairs, held_out, 8, NETWORK, config, seed=2)
    found = ModelEngine(model, DecodingConfig(source_pieces=8, target_pieces=8)).translate(held_out.source, 2)
    right = [row == target.tolist() for row, target in zip(found, held_out.target, strict=True)]
    assert np.mean(right) > 0.9
    for weight in (model.table, *(layer.expand.kernel for layer in model.encoder)):
        rounded = round_to_int8(weight, axis=0 if weight is model.table else -1)
        np.testing.assert_allclose(weight, rounded, rtol=1e-6)


@pytest.mark.parametrize("average_last", [1, 2])
def test_training_goes_on_where_it_stopped_to_the_same_weights(tmp_path: Path, average_last: int) -> None:
    config = TRAINING.model_copy(update={"average_last": average_last})
    pairs, held_out = reversed_pairs(60, 0), reversed_pairs(9, 1)

    def run(**options: object) -> list[np.ndarray]:
        model = train_transformer(pairs, held_out, 8, NETWORK, config, seed=2, **options)
        return [variable.numpy() for variable in model.trainable_variables]

    class Break(Observer):
        def begin_epoch(self, epoch: int) -> None:
            if epoch == 3:
                raise KeyboardInterrupt

    whole = run()
    with pytest.raises(KeyboardInterrupt):
        run(checkpoints=Checkpoints(tmp_path), observers=[Break()])
    for first, second in zip(whole, run(checkpoints=Checkpoints(tmp_path)), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("jit", [False, True])
def test_a_step_in_eager_mode_is_the_compiled_one(jit: bool) -> None:
    (batch, *_) = PackedBatches(reversed_pairs(40, 0), [16], 64, seed=0)(0)
    losses = []
    for eager in (False, True):
        keras.utils.set_random_seed(1)
        model: Transformer = new_transformer(8, NETWORK, dropout=0.0)
        step = make_step(model, TRAINING.model_copy(update={"jit_compile": jit and not eager}), 10)
        if eager:
            losses.append(float(step.gradients(batch)[0]))
        else:
            losses.append(float(step(batch)))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_sixteen_bits_give_nearly_the_same_loss() -> None:
    (batch, *_) = PackedBatches(reversed_pairs(40, 0), [16], 64, seed=0)(0)
    losses = []
    for precision in ("float32", "mixed_bfloat16"):
        keras.utils.set_random_seed(1)
        with set_precision(precision):
            step = make_step(new_transformer(8, NETWORK, dropout=0.0), TRAINING, 10)
            losses.append(float(step(batch)))
    assert losses[0] == pytest.approx(losses[1], rel=0.02)
    assert losses[0] != losses[1]
