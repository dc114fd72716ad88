"""How the translator's network is trained: packed batches through the training loop, the smallest validation loss kept."""

import math
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from apps.translation.config import NetworkConfig, TrainingConfig
from apps.translation.model.batches import Batch, PackedBatches, Pairs
from apps.translation.model.loss import smoothed_loss, smoothed_mean
from apps.translation.model.schedule import InverseSquareRoot
from apps.translation.model.transformer import Transformer
from gristmill.training import Group, Judge, Step, train

__all__ = ["make_step", "new_transformer", "train_transformer", "validation_loss"]


def new_transformer(vocabulary: int, network: NetworkConfig, dropout: float) -> Transformer:
    """A network with fresh weights."""
    model = Transformer(vocabulary, **network.model_dump(), dropout=dropout)
    model.build()
    return model


def train_transformer(
    pairs: Pairs,
    validation: Pairs,
    vocabulary: int,
    network: NetworkConfig,
    config: TrainingConfig,
    seed: int,
    **options: Any,
) -> Transformer:
    """Trains a network; it holds the weights with the smallest validation loss at the end, rounded for 8-bit files.

    Args:
        pairs: What it learns from.
        validation: What chooses the epoch.
        vocabulary: Number of pieces.
        network: Its shape.
        config: How it is trained.
        seed: Of weights, order and dropout.
        **options: See `gristmill.training.train`: checkpoints, title, progress, log and others.

    Raises:
        InputError: No pair fits into a row.
        WorkError: The loss is not finite.
    """
    keras.utils.set_random_seed(seed)
    batches = PackedBatches(pairs, config.row_lengths, config.batch_pieces, seed)
    judged = PackedBatches(validation, config.row_lengths, config.batch_pieces, seed)
    model = new_transformer(vocabulary, network, config.dropout)
    steps = batches.count()
    step = make_step(model, config, steps * config.epochs)
    loss = validation_loss(model)
    judge = Judge(
        lambda: {"loss_of_piece": loss(judged(0))},
        "loss_of_piece",
        greater_is_better=False,
        every=config.evaluate_every,
        average_last=config.average_last,
    )

    def given(epoch: int, first: int) -> Iterable[Batch]:
        return (Batch(*map(tf.constant, batch)) for batch in batches(epoch, first))

    train(step, given, epochs=config.epochs, steps_per_epoch=steps, judge=judge, **options)
    model.round_weights()
    return model


def make_step(model: Transformer, config: TrainingConfig, steps: int) -> Step:
    """The training step of so many steps in all."""
    cool_down = math.ceil(config.cool_down * steps)
    rate = InverseSquareRoot(config.learning_rate, min(config.warm_up, max(1, steps // 4)), steps, cool_down)
    optimizer = keras.optimizers.Adam(rate, beta_2=0.98, epsilon=1e-9)
    return Step(
        smoothed_loss(model, config.label_smoothing),
        [Group(optimizer, model.trainable_variables)],
        state=model.non_trainable_variables,
        jit_compile=config.jit_compile,
        average=config.average or None,
        clip_norm=config.clip_norm,
    )


def validation_loss(model: Transformer) -> Any:
    """A function from batches to the mean cross-entropy of a piece in nats, without smoothing."""

    @tf.function
    def sums(batch: Batch) -> Any:
        states = tf.reshape(model(tuple(batch[:6])), (-1, model.width))
        wanted = tf.reshape(batch.wanted, (-1,))
        count = tf.reduce_sum(tf.cast(wanted > 0, tf.float32))
        return smoothed_mean(states, tf.convert_to_tensor(model.table), wanted, 0.0) * count, count

    def loss(batches: Iterable[Batch]) -> float:
        parts = np.array([[float(value) for value in sums(Batch(*map(tf.constant, batch)))] for batch in batches])
        return float(parts[:, 0].sum() / parts[:, 1].sum())

    return loss
