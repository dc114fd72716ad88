"""The loop: which weights stay, when it stops, what it logs, and what it says of a loss that is not finite."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from gristmill.errors import InputError, WorkError
from gristmill.training import Group, Judge, Step, train


class Countdown:
    """A model of one number that each step lowers by one."""

    def __init__(self, start: float = 0.0, average: float | None = None) -> None:
        self.x = keras.Variable(np.float32(start))
        self.step = Step(
            lambda batch: self.x.value * batch, [Group(keras.optimizers.SGD(1.0), [self.x])], average=average
        )

    @property
    def value(self) -> float:
        return float(self.x.numpy())


def ones(count: int) -> Callable[[int, int], list[Any]]:
    return lambda epoch, start: [tf.constant(1.0)] * count


def judge_by(model: Countdown, scores: Sequence[float], **options: Any) -> tuple[Judge, list[float]]:
    """Scores by evaluation, and the values that the model held when it was judged."""
    seen: list[float] = []

    def evaluate() -> dict[str, float]:
        seen.append(model.value)
        return {"score": scores[len(seen) - 1]}

    return Judge(evaluate, "score", **options), seen


def test_without_a_judge_the_last_weights_stay() -> None:
    model = Countdown()
    done = train(model.step, ones(2), epochs=3, steps_per_epoch=2)
    assert model.value == -6
    assert (done.epochs, done.steps, done.best_epoch, done.best) == (3, 6, 0, {})


def test_the_best_weights_stay() -> None:
    model = Countdown()
    judge, seen = judge_by(model, [0.1, 0.9, 0.3])
    done = train(model.step, ones(1), epochs=3, steps_per_epoch=1, judge=judge)
    assert seen == [-1, -2, -3]
    assert model.value == -2
    assert (done.best_epoch, done.best, done.epochs) == (2, {"score": 0.9}, 3)


def test_of_equal_scores_the_first_stays() -> None:
    model = Countdown()
    judge, _ = judge_by(model, [0.5, 0.5])
    train(model.step, ones(1), epochs=2, steps_per_epoch=1, judge=judge)
    assert model.value == -1


def test_where_less_is_better_the_smallest_stays() -> None:
    model = Countdown()
    judge, _ = judge_by(model, [0.5, 0.2, 0.4], greater_is_better=False)
    assert train(model.step, ones(1), epochs=3, steps_per_epoch=1, judge=judge).best_epoch == 2
    assert model.value == -2


def test_patience_counts_evaluations_without_a_better_one() -> None:
    model = Countdown()
    judge, seen = judge_by(model, [0.5, 0.4, 0.6, 0.5, 0.4, 0.9], patience=2)
    done = train(model.step, ones(1), epochs=6, steps_per_epoch=1, judge=judge)
    assert len(seen) == done.epochs == 5
    assert model.value == -3


@pytest.mark.parametrize(
    ("epochs", "first", "every", "judged"),
    [(5, 1, 2, [1, 3, 5]), (6, 2, 2, [2, 4, 6]), (6, 3, 2, [3, 5, 6]), (2, 9, 1, [2])],
)
def test_epochs_are_judged_from_the_first_on_and_the_last_always(
    epochs: int, first: int, every: int, judged: list[int]
) -> None:
    model = Countdown()
    judge, seen = judge_by(model, range(9), first=first, every=every)
    train(model.step, ones(1), epochs=epochs, steps_per_epoch=1, judge=judge)
    assert seen == [-epoch for epoch in judged]


def test_the_average_is_judged_and_kept_while_training_goes_on_with_the_live_weights() -> None:
    model = Countdown(average=0.5)
    judge, seen = judge_by(model, [1.0, 2.0])
    train(model.step, ones(1), epochs=2, steps_per_epoch=1, judge=judge)
    first = -1 * 10 / 11
    second = first * 2 / 12 - 2 * 10 / 12
    assert seen == pytest.approx([first, second])
    assert model.value == pytest.approx(second)
    assert model.step.live_weights() == [model.value]


@pytest.mark.parametrize(("last", "means"), [(1, [-1, -2, -3, -4]), (3, [-1, -1.5, -2, -3]), (9, [-1, -1.5, -2, -2.5])])
def test_the_mean_of_the_last_looks_is_judged_and_kept(last: int, means: list[float]) -> None:
    model = Countdown()
    judge, seen = judge_by(model, [1.0, 2.0, 3.0, 4.0], average_last=last)
    train(model.step, ones(1), epochs=4, steps_per_epoch=1, judge=judge)
    assert seen == means
    assert model.value == means[-1]


def test_a_look_is_a_judged_epoch_and_an_earlier_mean_may_be_the_best() -> None:
    model = Countdown()
    judge, seen = judge_by(model, [1.0, 3.0, 2.0], average_last=2, first=2, every=2)
    done = train(model.step, ones(1), epochs=6, steps_per_epoch=1, judge=judge)
    assert seen == [-2, -3, -5]
    assert model.value == -3
    assert done.best_epoch == 4


def test_a_judge_that_fails_leaves_the_live_weights() -> None:
    model = Countdown(average=0.5)

    def evaluate() -> dict[str, float]:
        raise WorkError("no")

    with pytest.raises(WorkError, match="no"):
        train(model.step, ones(1), epochs=1, steps_per_epoch=1, judge=Judge(evaluate, "score"))
    assert model.value == -1


def test_a_loss_that_is_not_finite_names_task_step_and_epoch() -> None:
    x = keras.Variable(np.float32(1.0))
    step = Step(lambda batch: x.value * batch, [Group(keras.optimizers.SGD(0.0), [x])])
    values = [[1.0, 1.0, 1.0], [1.0, float("nan"), 1.0]]
    with pytest.raises(
        WorkError, match=r"train ranking: .*Received: nan at step 5 \(epoch 2\): the input batch holds NaN"
    ):
        train(
            step,
            lambda epoch, start: [tf.constant(value) for value in values[epoch]],
            epochs=2,
            steps_per_epoch=3,
            title="train ranking",
        )


def test_an_epoch_without_a_batch_is_refused() -> None:
    with pytest.raises(InputError, match="at least one batch"):
        train(Countdown().step, lambda epoch, start: [], epochs=1, steps_per_epoch=None)


def test_each_epoch_is_logged_with_its_figures() -> None:
    model, lines = Countdown(start=10.0), []
    judge, _ = judge_by(model, [0.25], first=2)
    train(
        model.step,
        ones(2),
        epochs=2,
        steps_per_epoch=2,
        judge=judge,
        title="train it",
        log=lambda **values: lines.append(values),
    )
    assert all(line.pop("seconds") >= 0 for line in lines)
    assert lines == [
        {"task": "train it", "epoch": 1, "step": 2, "loss": 9.5},
        {"task": "train it", "epoch": 2, "step": 4, "loss": 7.5, "score": 0.25},
    ]


def test_the_epoch_number_is_given_to_the_batches() -> None:
    asked: list[tuple[int, int]] = []

    def batches(epoch: int, start: int) -> Iterator[Any]:
        asked.append((epoch, start))
        yield tf.constant(1.0)

    train(Countdown().step, batches, epochs=3, steps_per_epoch=1)
    assert asked == [(0, 0), (1, 0), (2, 0)]


def test_progress_hears_of_every_step_before_any_loss_is_looked_at() -> None:
    heard: list[tuple[str, Any]] = []

    class Heard:
        def line(self, text: str) -> None:
            heard.append(("line", text))

        @contextmanager
        def task(self, title: str, total: float | None = None) -> Iterator[Any]:
            heard.append((title, total))
            yield self

        def advance(self, amount: float = 1, note: str = "") -> None:
            heard.append(("advance", (amount, note)))

    train(Countdown(start=4.0).step, ones(3), epochs=1, steps_per_epoch=3, title="it", progress=Heard())
    assert heard == [("it", 3), ("advance", (0, "")), *[("advance", (1, ""))] * 3, ("advance", (0, "loss 3.0000"))]
