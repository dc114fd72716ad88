"""Training steps per second of our step and loop, against the same model, loss and batches in a bare `tf.function` loop."""

import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from apps.recommend import ranking, retrieval
from apps.recommend.events import Events
from apps.recommend.stream import pack
from bench.inputs import Inputs
from bench.tables import note, show
from gristmill.app import Work
from gristmill.training import Step, train

__all__ = ["bare_update", "compare", "ranking_loops", "retrieval_loops", "run"]

Loop = Callable[[], int]
"""Trains for a while, waits for the last step, and gives the number of steps."""

_ROUNDS = 9
_RETRIEVAL_STEPS = 40
"""In one block, so that blocks are short and all loops meet the same load of the machine."""
_FIGURE_TO_SHOW = 0.95


def run(inputs: Inputs) -> None:
    """Prints a table for each of the recommender's models."""
    work = inputs.work
    config = work.config
    keras.utils.set_random_seed(work.seed)
    shape = f"{config.retrieval.batch_rows} x {config.retrieval.window} events"
    _show(f"retrieval, {shape} a step, XLA {config.retrieval.jit_compile}", compare(retrieval_loops(work), _ROUNDS))
    _show(f"ranking, {config.ranking.batch} rows a step", compare(ranking_loops(work), _ROUNDS))
    note(f"ratio: ours to that loop; the figure to show is at least {_FIGURE_TO_SHOW}")


def retrieval_loops(work: Work) -> dict[str, Loop]:
    """Some batches of packed rows of real histories with the app's model, loss and optimizer."""
    config = work.config.retrieval
    events = Events.load(work.dataset)
    known = [history for history in events.known("validation") if len(history)]
    packed = pack(known, config.window, config.batch_rows, np.random.default_rng(work.seed))
    starts = range(0, len(packed.items), config.batch_rows)
    batches = [
        tuple(tf.constant(part[i : i + config.batch_rows]) for part in packed) for i in starts[:_RETRIEVAL_STEPS]
    ]
    model = retrieval._build(config, len(events.items), known)
    step = retrieval._step(model, config, known, len(starts))
    jit = config.jit_compile and not config.negatives

    def ours() -> int:
        return train(step, lambda epoch, start: batches, epochs=1, steps_per_epoch=len(batches)).steps

    return {
        "ours": ours,
        "bare loop": partial(_bare_loop, bare_update(step, jit, config.average), batches),
        "bare loop without moving average": partial(_bare_loop, bare_update(step, jit, None), batches),
    }


def ranking_loops(work: Work) -> dict[str, Loop]:
    """One pass over the training events with the app's wide-and-deep estimator, its input included."""
    data = ranking.prepare(work)
    estimator = ranking.wide_and_deep(data, work.config.ranking)
    batch = min(work.config.ranking.batch, len(data.rows("train")))
    batches = data.batches("train", batch, work.seed)()

    step = estimator._training_step()

    def ours() -> int:
        return train(step, lambda epoch, start: batches, epochs=1, steps_per_epoch=len(batches)).steps

    update = bare_update(step, False, None)
    return {"ours": ours, "bare loop": partial(_bare_loop, update, batches)}


def bare_update(step: Step, jit: bool, average: float | None) -> Callable[[Any], Any]:
    """A step as one writes it by hand, with the loss, variables and optimizers of ours."""
    loss, groups = step.loss, [(group.optimizer, list(group.variables)) for group in step.groups]
    means = [(tf.Variable(v.value), v) for _, variables in groups for v in variables] if average else []
    count = tf.Variable(0.0)

    @tf.function(jit_compile=jit)
    def update(batch: Any) -> Any:
        with tf.GradientTape() as tape:
            value = loss(batch)
        gradients = tape.gradient(value, [[v.value for v in variables] for _, variables in groups])
        for (optimizer, variables), own in zip(groups, gradients, strict=True):
            optimizer.apply(own, variables)
        if means:
            count.assign_add(1.0)
            decay = tf.minimum(average, count / (count + 10.0))
            for mean, variable in means:
                mean.assign(mean * decay + variable.value * (1.0 - decay))
        return value

    return update


def _bare_loop(update: Callable[[Any], Any], batches: Iterable[Any]) -> int:
    losses = [update(batch) for batch in batches]
    np.mean([loss.numpy() for loss in losses])
    return len(losses)


def compare(loops: Mapping[str, Loop], rounds: int) -> dict[str, list[float]]:
    """Steps per second of each loop in each round; every loop runs once before, and every other round goes backwards."""
    made: dict[str, list[float]] = {name: [] for name in loops}
    names = list(loops)
    for name in names:
        loops[name]()
    for turn in range(rounds):
        for name in names if turn % 2 == 0 else reversed(names):
            start = time.perf_counter()
            steps = loops[name]()
            made[name].append(steps / (time.perf_counter() - start))
    return made


def _show(title: str, rates: Mapping[str, list[float]]) -> None:
    ours = rates["ours"]
    rows = []
    for name, values in rates.items():
        ratio = statistics.median(own / other for own, other in zip(ours, values, strict=True))
        figures = [f"{statistics.median(values):.1f}", f"{max(values):.1f}"]
        ratios = ["", ""] if name == "ours" else [f"{ratio:.3f}", f"{max(ours) / max(values):.3f}"]
        rows.append([name, *figures, *ratios])
    show(title, ["loop", "median steps/s", "best steps/s", "median ratio", "ratio of the best"], rows)
