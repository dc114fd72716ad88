"""Evaluations end a training, and run beside it, at the steps at which they did in tf.estimator 2.15.1."""

import logging
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from gristmill.estimator.errors import ArgumentError, KindError
from gristmill.estimator.hooks import (
    HookRunner,
    InMemoryEvaluatorHook,
    StopAtStepHook,
    event_writer,
    make_early_stopping_hook,
    make_stop_at_checkpoint_step_hook,
    read_eval_metrics,
    scalars,
    stop_if_higher_hook,
    stop_if_lower_hook,
    stop_if_no_decrease_hook,
    stop_if_no_increase_hook,
)

both = pytest.mark.parametrize("blocks", [False, True])


class Estimator:
    """What the hooks ask of an estimator."""

    def __init__(self, folder="", is_chief=True, num_worker_replicas=1):
        self.model_dir = str(folder)
        self.config = SimpleNamespace(is_chief=is_chief, num_ps_replicas=0, num_worker_replicas=num_worker_replicas)
        self.evaluated = []

    def eval_dir(self, name=None):
        return f"{self.model_dir}/eval"

    def evaluate_values(self, values, input_fn, steps=None, hooks=None, name=None):
        self.evaluated.append((values["global_step"], input_fn, steps, hooks, name))


def train(hook, steps=10, blocks=False):
    """Runs to the step `steps` or until the hook stops; gives the last step and the sizes of the calls."""
    session = SimpleNamespace(graph=None, step=0, variables={"global_step": 0})
    session.run = lambda fetch: np.int64(session.step)
    runner, sizes = HookRunner([hook], session), []
    runner.begin()
    runner.created()
    while not runner.stop_requested and session.step < steps:
        assert runner.before() == []
        most = runner.most(session.step)
        sizes.append(min(most, steps - session.step) if blocks else 1)
        session.step += sizes[-1]
        session.variables["global_step"] = session.step
        runner.after([], sizes[-1])
    runner.end()
    return session.step, sizes


def write(folder, metrics):
    writer = event_writer(folder)
    for step, values in metrics.items():
        writer.add_summary(scalars(values), step)


@both
@pytest.mark.parametrize(("every", "last", "sizes"), [(2, 5, [1, 2, 2]), (4, 9, [1, 4, 4])])
def test_the_third_call_says_stop(caplog, blocks, every, last, sizes):
    caplog.set_level(logging.INFO, "gristmill")
    calls = []

    def third():
        calls.append(1)
        return len(calls) == 3

    hook = make_early_stopping_hook(Estimator(), third, run_every_secs=None, run_every_steps=every)
    assert train(hook, blocks=blocks) == (last, sizes if blocks else [1] * last)
    assert caplog.messages == [f"Requesting early stopping at global step {last - 1}"]


def test_what_an_early_stop_needs():
    with pytest.raises(TypeError, match="`estimator` must be an `Estimator`"):
        make_early_stopping_hook(3, bool)
    with pytest.raises(KindError, match="`should_stop_fn` must be callable"):
        make_early_stopping_hook(Estimator(), 3)
    with pytest.raises(ValueError, match="Exactly one of `every_secs` and `every_steps`"):
        make_early_stopping_hook(Estimator(), bool, run_every_steps=3)
    with pytest.raises(ArgumentError, match="must be left to the chief"):
        train(make_early_stopping_hook(Estimator(is_chief=False), bool))


ACCURACY = {1000: {"accuracy": 0.25}, 2000: {"accuracy": 0.75}, 3000: {"accuracy": 0.5}, 4000: {"accuracy": 0.75}}


@pytest.mark.parametrize(
    ("make", "arguments", "stops"),
    [
        (stop_if_higher_hook, {"threshold": 0.7}, True),
        (stop_if_higher_hook, {"threshold": 0.75}, False),
        (stop_if_higher_hook, {"threshold": 0.7, "min_steps": 4001}, False),
        (stop_if_lower_hook, {"threshold": 0.3}, True),
        (stop_if_lower_hook, {"threshold": 0.3, "min_steps": 1001}, False),
        (stop_if_no_increase_hook, {"max_steps_without_increase": 2000}, True),
        (stop_if_no_increase_hook, {"max_steps_without_increase": 2001}, False),
        (stop_if_no_increase_hook, {"max_steps_without_increase": 2000, "min_steps": 3000}, False),
        (stop_if_no_decrease_hook, {"max_steps_without_decrease": 3000}, True),
        (stop_if_no_decrease_hook, {"max_steps_without_decrease": 1000, "min_steps": 3000}, True),
        (stop_if_no_decrease_hook, {"max_steps_without_decrease": 3001}, False),
    ],
)
def test_metrics_end_a_training(tmp_path, make, arguments, stops):
    write(tmp_path / "eval", ACCURACY)
    write(tmp_path / "other", {1000: {"accuracy": 0.0}, 9000: {"accuracy": 1.0}})
    estimator = Estimator(tmp_path)
    assert train(make(estimator, "accuracy", **arguments))[0] == (1 if stops else 10)
    every = {"run_every_secs": None, "run_every_steps": 2}
    elsewhere = {"eval_dir": str(tmp_path / "nowhere")}
    assert train(make(estimator, "accuracy", **arguments, **every, **elsewhere))[0] == 10


def test_an_unknown_metric_is_told(tmp_path):
    write(tmp_path / "eval", ACCURACY)
    with pytest.raises(ArgumentError, match=r"must be one of \['accuracy'\].*Received: 'auc'"):
        train(stop_if_higher_hook(Estimator(tmp_path), "auc", 0.5))


def test_metrics_are_read_from_all_event_files(tmp_path):
    assert read_eval_metrics(str(tmp_path / "none")) == {}
    write(tmp_path, {20: {"loss": 0.5, "auc": 0.25}, 10: {"loss": 2.0}})
    metadata = tf.compat.v1.SummaryMetadata()
    metadata.plugin_data.plugin_name = "scalars"
    with tf.summary.create_file_writer(str(tmp_path)).as_default():
        tf.summary.write("v2", tf.constant(4.0), step=10, metadata=metadata)
        tf.summary.write("note", tf.constant("no number"), step=30)
    with tf.compat.v1.wrap_function(lambda: tf.constant(1), []).graph.as_default():
        found = read_eval_metrics(str(tmp_path))
    assert list(found.items()) == [(10, {"loss": 2.0, "v2": 4.0}), (20, {"loss": 0.5, "auc": 0.25})]


def test_what_follows_damage_in_an_event_file_is_left_out(tmp_path, caplog):
    write(tmp_path, {10: {"loss": 2.0}, 20: {"loss": 1.0}})
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-3])
    assert read_eval_metrics(str(tmp_path)) == {10: {"loss": 2.0}}
    assert "which is damaged" in caplog.messages[0]


@both
def test_evaluations_beside_a_training(blocks):
    estimator = Estimator()
    hook = InMemoryEvaluatorHook(estimator, len, steps=3, hooks=[StopAtStepHook(1)], name="m", every_n_iter=4)
    assert train(hook, blocks=blocks)[1] == ([1, 3, 4, 2] if blocks else [1] * 10)
    assert [step for step, *_ in estimator.evaluated] == [0, 4, 8, 10]
    assert estimator.evaluated[0][1:3] == (len, 3)
    assert estimator.evaluated[0][4] == "m"


def test_what_an_evaluation_in_memory_needs():
    with pytest.raises(ValueError, match="`every_n_iter` must be a positive integer"):
        InMemoryEvaluatorHook(Estimator(), len, every_n_iter=0)
    with pytest.raises(ArgumentError, match="a training on one machine"):
        InMemoryEvaluatorHook(Estimator(num_worker_replicas=2), len)
    with pytest.raises(TypeError, match="must hold `SessionRunHook`s only"):
        InMemoryEvaluatorHook(Estimator(), len, hooks=[3])


@both
def test_the_chief_stops_at_the_step_itself(tmp_path, blocks):
    hook = make_stop_at_checkpoint_step_hook(Estimator(tmp_path), last_step=6)
    assert isinstance(hook, StopAtStepHook)
    assert train(hook, blocks=blocks)[0] == 6


@both
def test_other_tasks_stop_once_the_checkpoint_is_written(tmp_path, monkeypatch, blocks):
    waits = []

    def sleep(seconds):
        waits.append(seconds)
        if len(waits) == 2:
            step = tf.Variable(6, dtype=tf.int64)
            tf.raw_ops.SaveV2(
                prefix=str(tmp_path / "model.ckpt-6"),
                tensor_names=["global_step"],
                shape_and_slices=[""],
                tensors=[step.read_value()],
            )
            (tmp_path / "checkpoint").write_text('model_checkpoint_path: "model.ckpt-6"\n', "utf-8")

    monkeypatch.setattr("time.sleep", sleep)
    hook = make_stop_at_checkpoint_step_hook(Estimator(tmp_path, is_chief=False), 6, wait_after_file_check_secs=7)
    assert train(hook, blocks=blocks) == (8, [1, 5, 1, 1] if blocks else [1] * 8)
    assert waits == [7, 7]
