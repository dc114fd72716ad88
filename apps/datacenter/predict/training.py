"""How the predictor is made: its constants and trees first, then its networks by the training loop, then its intervals."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from apps.datacenter.config import PredictConfig
from apps.datacenter.predict.calibration import calibrate
from apps.datacenter.predict.forest import grow
from apps.datacenter.predict.layout import Layout
from apps.datacenter.predict.model import Predictor
from apps.datacenter.predict.series import IT_POWER
from apps.datacenter.predict.windows import TARGETS, Windows
from gristmill.data.batches import Batches
from gristmill.training import Group, Judge, Step, train

__all__ = ["changes_to_learn", "feature_model", "features_of", "new_predictor", "train_predictor"]

_TOGETHER = 1 << 12
_DEMAND_WEIGHT = 0.5
_NOTICE_POWER = 1 / 3
_LEAST_NOTICE = 0.05
"""How features are scaled for the networks: by a power of what trees gained from them, relative to the most, at least this."""
_MIDDLE_WEIGHT = 2.0
"""Of the middle quantile's loss, relative to those of the ends."""


def train_predictor(
    layout: Layout, windows: tuple[Windows, Windows], config: PredictConfig, seed: int, **options: Any
) -> Predictor:
    """Trains; validation chooses the number of trees, the epoch, the blend and the width of the intervals.

    Args:
        layout: What it reads.
        windows: Those to train on and those to validate on.
        config: Its settings.
        seed: Of weights, order and trees.
        **options: See `gristmill.training.train`: checkpoints, title, progress, log and others.
    """
    model = new_predictor(layout, windows, config, seed)
    trained = [_arrays(model, part) for part in windows]
    batch = min(config.batch, len(windows[0]))
    batches = Batches(*trained[0], batch, seed=seed, drop_remainder=True)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0,
        config.epochs * len(batches),
        alpha=0.02,
        warmup_target=config.learning_rate,
        warmup_steps=max(1, config.epochs * len(batches) // 20),
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=config.weight_decay)
    step = Step(
        lambda given: _loss(model, given, config.coverage),
        [Group(optimizer, model.trainable_variables)],
        state=model.non_trainable_variables,
        average=config.average,
    )
    judge = Judge(lambda: _judged(model, trained[1]), "loss", False, config.patience)
    train(step, batches, epochs=config.epochs, steps_per_epoch=len(batches), judge=judge, **options)
    calibrate(model, windows[1], config.coverage)
    return model


def new_predictor(layout: Layout, windows: tuple[Windows, Windows], config: PredictConfig, seed: int) -> Predictor:
    """The predictor with its constants and its trees; its networks are not trained."""
    first = feature_model(layout, windows[0], config)
    features = [features_of(first, part) for part in windows]
    wanted = [changes_to_learn(first, part) for part in windows]
    shifts = [(first.base(part[2]).numpy() - first.mean.numpy()) / first.scale.numpy() for part in features]
    grown, forms, gain = [], np.zeros(first.form.shape), np.zeros(first.notice.shape)
    for lead, target in np.ndindex(*forms.shape):
        tried = []
        for form in (0.0, 1.0):
            labels = [(y + form * shift)[:, lead, target] for y, shift in zip(wanted, shifts, strict=True)]
            learned, judged = ((part[0][:, lead], y) for part, y in zip(features, labels, strict=True))
            tried.append(grow(config, seed, learned, judged))
            gain[lead] += tried[-1].gain
        forms[lead, target] = np.argmin([one.error for one in tried])
        grown.append(tried[int(forms[lead, target])].trees)
    first.form.assign(forms)
    most = np.maximum(gain.max(axis=1, keepdims=True), 1e-12)
    first.notice.assign(np.maximum((gain / most) ** _NOTICE_POWER, _LEAST_NOTICE))
    sizes = [{"nodes": len(g.left), "trees": len(g.roots), "depth": g.depth} for g in grown]
    model = _shaped(layout, config, sizes)
    for name in ("centre", "spread", "mean", "share", "scale", "form", "notice"):
        getattr(model, name).assign(getattr(first, name))
    for forest, nodes in zip(model.forests, grown, strict=True):
        forest.hold(nodes)
    return model


def feature_model(layout: Layout, windows: Windows, config: PredictConfig) -> Predictor:
    """A predictor whose features and base are fitted to windows, without trees; its networks are not trained."""
    model = _shaped(layout, config, [])
    raw = _in_parts(model.raw_features, windows)
    plant, last = (np.concatenate([part[place] for part in raw]) for place in (0, 2))
    spread = plant.std(axis=0)
    model.centre.assign(plant.mean(axis=0))
    model.spread.assign(np.where(spread > 0, spread, 1.0))
    _fit_base(model, last[:, None], windows.truth)
    return model


def _shaped(layout: Layout, config: PredictConfig, forests: list[dict[str, int]]) -> Predictor:
    return Predictor(
        layout.to_json(),
        forests,
        config.members,
        config.width,
        config.demand_width,
        config.depth,
        config.dropout,
    )


def _fit_base(model: Predictor, last: NDArray[np.float32], truth: NDArray[np.float64]) -> None:
    """The share of the last value's distance from the mean that is left at each lead, by least squares.

    Args:
        model: Gets the share, the mean, and the mean absolute error that is left as its scale.
        last: The last PUE and power, `[window, 1, target]`.
        truth: What came, `[window, lead, target]`.
    """
    mean = truth.mean(axis=0)
    distance = last - mean
    power = (distance**2).sum(axis=0)
    share = (distance * (truth - mean)).sum(axis=0) / np.where(power > 0, power, 1.0)
    error = np.abs(truth - mean - share * distance).mean(axis=0)
    model.mean.assign(mean)
    model.share.assign(share)
    model.scale.assign(np.where(error > 0, error, 1.0))


def features_of(model: Predictor, windows: Windows) -> tuple[NDArray[np.float32], ...]:
    """`Predictor.features` of all windows."""
    parts = _in_parts(model.features, windows)
    return tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))


def _in_parts(function: Any, windows: Windows) -> list[tuple[NDArray[np.float32], ...]]:
    starts = range(0, len(windows), _TOGETHER)
    made = []
    for start in starts:
        inputs = windows.inputs(slice(start, start + _TOGETHER))
        made.append(
            tuple(part.numpy() for part in function({name: tf.constant(values) for name, values in inputs.items()}))
        )
    return made


def changes_to_learn(model: Predictor, windows: Windows) -> NDArray[np.float64]:
    """The truth less the base, in units of `scale`, `[window, lead, target]`."""
    last = features_of(model, windows)[2]
    base = model.base(tf.constant(last)).numpy()
    return (windows.truth - base) / model.scale.numpy()


def _arrays(model: Predictor, windows: Windows) -> tuple[dict[str, NDArray[Any]], NDArray[np.float32]]:
    """What the networks read, and what they learn: the changes of the targets and then of the load `[window, lead, 3]`."""
    layout = model.layout
    plant, demand, _ = features_of(model, windows)
    place = layout.sensors.index(IT_POWER)
    power = (windows.demand - layout.mean[place]) / layout.deviation[place]
    load = power - demand[:, layout.window - 1, None]
    wanted = np.concatenate([changes_to_learn(model, windows), load[:, :, None]], axis=2)
    return {"plant": plant, "demand": demand}, wanted.astype(np.float32)


def _loss(model: Predictor, batch: Any, coverage: float) -> tf.Tensor:
    """Quantile losses of the targets, and the absolute error of the load, over all members."""
    inputs, wanted = batch
    found, load = model.networks(inputs["plant"], inputs["demand"], training=True)
    wanted = tf.transpose(wanted, [1, 0, 2])[:, None]  # [lead, 1, batch, 3]
    quantiles = tf.constant([(1 - coverage) / 2, 0.5, (1 + coverage) / 2])
    error = wanted[..., : len(TARGETS), None] - found
    weights = tf.constant([1.0, 2.0 * _MIDDLE_WEIGHT, 1.0])
    pinball = tf.reduce_mean(weights * tf.maximum(quantiles * error, (quantiles - 1.0) * error))
    return pinball + _DEMAND_WEIGHT * tf.reduce_mean(tf.abs(wanted[..., len(TARGETS) :] - load))


def _judged(model: Predictor, arrays: tuple[dict[str, NDArray[Any]], NDArray[np.float32]]) -> dict[str, float]:
    """Mean absolute error of the members' mean, in units of the base's."""
    total = 0.0
    for inputs, wanted in Batches(*arrays, _TOGETHER)():
        found, _ = model.networks(inputs["plant"], inputs["demand"])
        middle = tf.reduce_mean(found[..., 1], axis=1)  # [lead, batch, target]
        error = tf.abs(tf.transpose(middle, [1, 0, 2]) - wanted[..., : len(TARGETS)])
        total += float(tf.reduce_sum(tf.reduce_mean(error, axis=(1, 2))))
    return {"loss": total / len(arrays[1])}
