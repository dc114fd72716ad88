"""Ready-made hooks see, log, write and save at the steps at which tf.estimator 2.15.1 did; in blocks of steps too."""

import logging
from collections import namedtuple
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from gristmill.errors import InputError
from gristmill.estimator.errors import ArgumentError, KindError
from gristmill.estimator.hooks import (
    CheckpointSaverHook,
    CheckpointSaverListener,
    FeedFnHook,
    FinalOpsHook,
    GlobalStepWaiterHook,
    HookRunner,
    LoggingTensorHook,
    NanLossDuringTrainingError,
    NanTensorHook,
    ProfilerHook,
    SecondOrStepTimer,
    SessionRunArgs,
    SessionRunHook,
    StepCounterHook,
    StopAtStepHook,
    SummarySaverHook,
    check_hooks,
    event_writer,
    scalars,
)
from gristmill.estimator.hooks.fetches import flatten, pack


class Session:
    """A model whose loss is the number of the steps before this one."""

    def __init__(self, folder="", graph=None, start=0):
        self.folder, self.graph, self.step, self.saved = folder, graph, start, []

    def value(self, fetch):
        known = {"global_step": np.array(self.step), "loss": np.array(float(self.step)), "op": None}
        return known[fetch.removesuffix(":0")] if isinstance(fetch, str) else np.asarray(fetch)

    def run(self, fetches):
        return pack(fetches, map(self.value, flatten(fetches)))

    def save(self, step):
        self.saved.append(step)
        return f"{self.folder}/model.ckpt-{step}"


def loop(hooks, session=None, steps=10, blocks=False, moves=1):
    """Runs to the step `steps`; gives the sizes of the calls."""
    session = session or Session()
    runner, sizes = HookRunner(hooks, session, ["op", "loss"]), []
    runner.begin()
    runner.created()
    while not runner.stop_requested and session.step < steps:
        fetches = runner.before()
        most = runner.most(session.step)
        sizes.append(1 if fetches or not blocks else min(most, steps - session.step))
        session.step += moves * (sizes[-1] - 1)
        values = [session.value(fetch) for fetch in fetches]
        session.step += moves
        runner.after(values, sizes[-1])
    runner.end()
    return sizes


def events(folder):
    found = []
    for path in sorted(tf.io.gfile.glob(f"{folder}/events.out.tfevents.*")):
        for record in tf.data.TFRecordDataset(path):
            event = tf.compat.v1.Event.FromString(record.numpy())
            found += [(event.step, value.tag, value.simple_value) for value in event.summary.value]
            if event.WhichOneof("what") == "session_log":
                found.append((event.step, event.session_log.SessionStatus.Name(event.session_log.status), None))
    return found


def lines(caplog):
    return [record.getMessage().partition(" (")[0] for record in caplog.records]


@pytest.fixture(autouse=True)
def _log(caplog):
    caplog.set_level(logging.INFO, "gristmill")


both = pytest.mark.parametrize("blocks", [False, True])
Pair = namedtuple("Pair", "first second")


class Recorder(SessionRunHook):
    """Notes what it sees."""

    def __init__(self, fetches=None):
        self.fetches, self.seen = fetches, []

    def begin(self):
        self.seen.append("begin")

    def after_create_session(self, session, coord):
        self.seen.append(("created", int(session.run("global_step")), coord.should_stop()))

    def before_run(self, run_context):
        assert run_context.original_args.fetches == ["op", "loss"]
        return self.fetches and SessionRunArgs(self.fetches)

    def after_run(self, run_context, run_values):
        self.seen.append((run_values.results, int(run_context.session.run("global_step"))))

    def end(self, session):
        self.seen.append(("end", int(session.run("global_step"))))


@both
def test_a_users_hook_is_called_around_every_step(blocks):
    hook = Recorder()
    assert loop([hook, StopAtStepHook(num_steps=3)], blocks=blocks) == [1, 1, 1]
    assert hook.seen == ["begin", ("created", 0, False), (None, 1), (None, 2), (None, 3), ("end", 3)]


def test_results_come_in_the_structure_that_was_asked_for():
    asked = {"step": "global_step", "rest": Pair("loss:0", ["op", ("loss", np.arange(2))])}
    hook, other = Recorder(asked), Recorder("global_step:0")
    loop([hook, other], steps=2)
    results, now = hook.seen[3]
    assert (results["step"], now) == (1, 2)  # the step before, as the global step was read in tf.estimator
    assert isinstance(results["rest"], Pair) and isinstance(results["rest"].first, np.float64)
    assert results["rest"].first == 1.0
    assert results["rest"].second[0] is None
    assert isinstance(results["rest"].second[1], tuple)
    assert results["rest"].second[1][1].tolist() == [0, 1]
    assert other.seen[3] == (1, 2)


def test_each_fetch_is_asked_for_once():
    runner = HookRunner([Recorder(["loss", "op"]), Recorder({"a": "op"}), Recorder()], Session(), ["op", "loss"])
    runner.begin()
    assert runner.before() == ["loss", "op"]


def test_sparse_tensors_and_texts():
    with tf.Graph().as_default():
        sparse = tf.sparse.from_dense([[0, 3]])
        assert all(isinstance(leaf, tf.Tensor) for leaf in flatten([sparse]))
        packed = pack(
            {"s": sparse, "t": "text"}, [np.array([[0, 1]]), np.array([3]), np.array([1, 2]), np.array(b"x", object)]
        )
    assert packed["s"].values.tolist() == [3]
    assert packed["t"] == b"x"
    with pytest.raises(KindError, match=r"A fetch must be a name.*Received: None"):
        flatten({"a": None})


@both
@pytest.mark.parametrize(("last", "steps"), [({"num_steps": 3}, 8), ({"last_step": 7}, 7), ({"last_step": 2}, 6)])
def test_training_stops_at_a_step(blocks, last, steps):
    session = Session(start=5)
    loop([StopAtStepHook(**last)], session, steps=100, blocks=blocks)
    assert session.step == steps


@pytest.mark.parametrize("arguments", [{}, {"num_steps": 1, "last_step": 2}])
def test_one_way_to_stop(arguments):
    with pytest.raises(ValueError, match="Exactly one of `num_steps` and `last_step`"):
        StopAtStepHook(**arguments)


@both
@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"every_n_iter": 3}, [0, 3, 6, 9]),
        ({"every_n_iter": 3, "at_end": True}, [0, 3, 6, 9, 10]),
        ({"at_end": True}, [10]),
        ({"every_n_secs": 1000}, [0]),
    ],
)
def test_values_are_logged(caplog, blocks, how, expected):
    loop([LoggingTensorHook({"loss": "loss", "a": "global_step"}, **how)], blocks=blocks)
    assert lines(caplog) == [f"a = {value}, loss = {float(value)}" for value in expected]


def test_logged_lines_have_the_seconds_since_the_last(caplog):
    loop([LoggingTensorHook(["loss"], every_n_iter=4)])
    assert [record.getMessage().endswith(" sec)") for record in caplog.records] == [False, True, True]


@both
def test_the_formatter_makes_the_line(caplog, blocks):
    hook = LoggingTensorHook(["loss"], every_n_iter=4, formatter=lambda values: f"F {values['loss']:.2f}")
    loop([hook], blocks=blocks)
    assert lines(caplog) == ["F 0.00", "F 4.00", "F 8.00"]


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({}, "Exactly one of"),
        ({"every_n_iter": 1, "every_n_secs": 1}, "Exactly one of"),
        ({"every_n_iter": 0}, "must be a positive integer. Received: every_n_iter=0"),
    ],
)
def test_when_to_log_must_be_said(how, message):
    with pytest.raises(ArgumentError, match=message):
        LoggingTensorHook(["loss"], **how)


class Listener(CheckpointSaverListener):
    def __init__(self, stop_at=None):
        self.heard, self.stop_at = [], stop_at

    def begin(self):
        self.heard.append("begin")

    def before_save(self, session, global_step_value):
        self.heard.append(("before", global_step_value))

    def after_save(self, session, global_step_value):
        self.heard.append(("after", global_step_value))
        return global_step_value == self.stop_at

    def end(self, session, global_step_value):
        self.heard.append(("end", global_step_value))


@both
def test_checkpoints_and_their_listeners(tmp_path, caplog, blocks):
    session, listener = Session(tmp_path), Listener()
    hook = CheckpointSaverHook(tmp_path, save_steps=4, listeners=[listener])
    hook.add_listeners([listener])
    sizes = loop([hook], session, blocks=blocks)
    assert session.saved == [0, 4, 8, 10]
    saves = [(when, step) for step in session.saved for when in ("before", "after")]
    assert listener.heard == ["begin", *saves, ("end", 10)]
    assert events(tmp_path) == [(step, "CHECKPOINT", None) for step in session.saved]
    assert lines(caplog)[1] == f"Saving checkpoints for 4 into {tmp_path / 'model.ckpt'}."
    assert sizes == ([1, 3, 4, 2] if blocks else [1] * 10)


@both
def test_the_last_step_is_saved_once(tmp_path, blocks):
    session = Session(tmp_path)
    loop([CheckpointSaverHook(tmp_path, save_steps=5)], session, blocks=blocks)
    assert session.saved == [0, 5, 10]


@both
@pytest.mark.parametrize(("stop_at", "saved"), [(4, [0, 4]), (0, [0, 4, 8, 10])])
def test_a_listener_may_stop_the_training(tmp_path, blocks, stop_at, saved):
    session = Session(tmp_path)
    loop([CheckpointSaverHook(tmp_path, save_steps=4, listeners=[Listener(stop_at)])], session, blocks=blocks)
    assert session.saved == saved


def test_the_graph_is_saved_with_the_first_checkpoint(tmp_path):
    graph = tf.Graph()
    with graph.as_default():
        tf.constant(1.0, name="one")
    loop([CheckpointSaverHook(tmp_path / "a", save_secs=600)], Session(tmp_path / "a", graph))
    loop([CheckpointSaverHook(tmp_path / "b", save_secs=600, save_graph_def=False)], Session(tmp_path / "b", graph))
    assert 'name: "one"' in (tmp_path / "a/graph.pbtxt").read_text("utf-8")
    assert not (tmp_path / "b/graph.pbtxt").exists()


def test_another_saver_may_write(tmp_path):
    calls = []

    class Saver:
        def save(self, session, path, global_step, write_meta_graph):
            calls.append((path, global_step))

    session = Session(tmp_path)
    path = str(tmp_path / "c")
    loop([CheckpointSaverHook(tmp_path, save_steps=10, saver=Saver(), checkpoint_basename="c")], session)
    loop(
        [
            CheckpointSaverHook(
                tmp_path, save_steps=10, scaffold=SimpleNamespace(saver=Saver()), checkpoint_basename="c"
            )
        ],
        Session(),
    )
    assert calls == [(path, 0), (path, 10)] * 2
    assert session.saved == []
    with pytest.raises(ArgumentError, match="Only one of `saver` and `scaffold`"):
        CheckpointSaverHook(tmp_path, save_steps=1, saver=Saver(), scaffold=SimpleNamespace(saver=Saver()))


def test_checkpoints_go_where_the_estimator_writes_them(tmp_path):
    with pytest.raises(
        ArgumentError, match="`checkpoint_dir` and `checkpoint_basename` must be those of the estimator"
    ):
        loop([CheckpointSaverHook(tmp_path / "other", save_steps=1)], Session(tmp_path))


@both
def test_summaries_and_the_pace_are_written(tmp_path, caplog, blocks):
    hooks = [StepCounterHook(4, output_dir=tmp_path), SummarySaverHook(3, output_dir=tmp_path)]
    sizes = loop(hooks, blocks=blocks)
    found = events(tmp_path)
    assert [(step, value) for step, tag, value in found if tag == "loss"] == [(1, 0), (4, 3), (7, 6), (10, 9)]
    assert [step for step, tag, _ in found if tag == "global_step/sec"] == [5, 9]
    assert [step for step, tag, _ in found if tag == "START"] == [1]
    assert len(list(tmp_path.iterdir())) == 1
    assert [line.partition(":")[0] for line in lines(caplog)] == ["global_step/sec"] * 2
    assert sizes == ([1, 2, 1, 1, 1, 1, 2, 1] if blocks else [1] * 10)


def test_serialized_summaries_are_written(tmp_path):
    summary = np.array(scalars({"x": 2}).SerializeToString(), object)

    scaffold = SimpleNamespace(summary_op=[summary])
    loop([SummarySaverHook(9, output_dir=tmp_path / "a", summary_op=summary)])
    loop([SummarySaverHook(9, output_dir=tmp_path / "b", scaffold=scaffold)])
    for folder in ("a", "b"):
        assert events(tmp_path / folder) == [(1, "START", None), (1, "x", 2.0), (10, "x", 2.0)]
    scaffold.summary_op = None
    loop([SummarySaverHook(9, output_dir=tmp_path / "c", scaffold=scaffold)])
    assert events(tmp_path / "c") == [(1, "START", None)]


def test_other_writers(tmp_path):
    writer = tf.summary.create_file_writer(str(tmp_path))
    loop([SummarySaverHook(9, summary_writer=writer), StepCounterHook(9, summary_writer=writer)])
    assert [step for step, tag, _ in events(tmp_path) if tag == "loss"] == [1, 10]
    loop([SummarySaverHook(9), StepCounterHook(9)])  # neither folder nor writer: nothing to write
    with pytest.raises(KindError, match=r"`summary_writer` must be a `tf.summary.SummaryWriter`"):
        loop([SummarySaverHook(9, summary_writer=3)])


def test_a_folder_has_one_open_event_file(tmp_path):
    first = event_writer(tmp_path)
    assert event_writer(str(tmp_path)) is first
    first.close()
    del first
    event_writer(tmp_path).add_summary(scalars({"x": 1}), 3)
    assert events(tmp_path) == [(3, "x", 1.0)]
    assert len(list(tmp_path.iterdir())) == 2


class Nan(Session):
    def value(self, fetch):
        return np.array(np.nan) if fetch == "loss" and self.step >= 4 else super().value(fetch)


def test_a_loss_of_nan_fails():
    session = Nan()
    with pytest.raises(NanLossDuringTrainingError, match=r"^NaN loss during training\.$") as caught:
        loop([NanTensorHook("loss")], session)
    assert session.step == 5
    assert isinstance(caught.value, RuntimeError)


def test_a_loss_of_nan_stops():
    session = Nan()
    loop([NanTensorHook("loss", fail_on_nan_loss=False)], session)
    assert session.step == 5


def test_waiting_for_a_step_ends_once_it_is_there(monkeypatch):
    session = Session()
    monkeypatch.setattr("time.sleep", lambda seconds: setattr(session, "step", session.step + 2))
    assert loop([GlobalStepWaiterHook(5)], session, steps=8, blocks=True) == [1, 1]
    assert loop([GlobalStepWaiterHook(0)], steps=8, blocks=True) == [1, 7]


@both
def test_final_ops(blocks):
    hook = FinalOpsHook({"step": "global_step", "more": ["loss"]})
    assert hook.final_ops_values is None
    assert loop([hook], blocks=blocks) == ([1, 9] if blocks else [1] * 10)
    assert hook.final_ops_values == {"step": 10, "more": [10.0]}


def test_nothing_can_be_fed():
    with pytest.raises(InputError, match=r"no value can be fed.*`input_fn`.*\['x'\] from FeedFnHook"):
        loop([FeedFnHook(lambda: {"x": 1})])
    loop([FeedFnHook(dict)])
    with pytest.raises(ArgumentError, match=r"`final_ops_feed_dict` must be empty"):
        loop([FinalOpsHook("loss", {"x": 1})])


def test_what_before_run_may_give():
    class Bare(SessionRunHook):
        def before_run(self, run_context):
            return "loss"

    class Options(SessionRunHook):
        def before_run(self, run_context):
            return SessionRunArgs("loss", options=tf.compat.v1.RunOptions(timeout_in_ms=1))

    with pytest.raises(KindError, match=r"`before_run` of Bare must give `SessionRunArgs` or None\. Received: 'loss'"):
        loop([Bare()])
    with pytest.raises(ArgumentError, match="use `ProfilerHook`"):
        loop([Options()])


@both
def test_steps_are_traced(tmp_path, caplog, blocks):
    sizes = loop([ProfilerHook(save_steps=5, output_dir=str(tmp_path))], blocks=blocks)
    assert lines(caplog) == [f"Saving the trace of step {step} into '{tmp_path}'." for step in (5, 10)]
    assert list(tmp_path.glob("plugins/profile/*/*.xplane.pb"))
    assert sizes == ([1, 3, 1, 4, 1] if blocks else [1] * 10)


def test_a_timer_triggers_at_most_once_a_step():
    timer = SecondOrStepTimer(every_steps=3)
    assert timer.last_triggered_step() is None
    assert timer.should_trigger_for_step(5)
    assert timer.update_last_triggered_step(5) == (None, None)
    assert [timer.should_trigger_for_step(step) for step in (5, 6, 7, 8)] == [False, False, False, True]
    assert timer.update_last_triggered_step(9)[1] == 4
    assert timer.last_triggered_step() == 9
    assert timer.next_trigger(10) == 12
    timer.reset()
    assert timer.should_trigger_for_step(9)
    for arguments in ({}, {"every_secs": 1, "every_steps": 1}):
        with pytest.raises(ArgumentError, match="Exactly one of `every_secs` and `every_steps`"):
            SecondOrStepTimer(**arguments)


def test_a_timer_of_seconds_guesses_how_many_steps_fit(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("time.time", lambda: now[0])
    timer = SecondOrStepTimer(every_secs=10)
    timer.update_last_triggered_step(7)
    assert timer.next_trigger(8) == 8  # nothing is known of the pace
    now[0] = 102.0
    assert timer.next_trigger(9) == 13  # a step took two seconds; eight are left
    assert timer.next_trigger(10_000) == 10_100
    now[0] = 110.0
    assert timer.next_trigger(12) == 12
    assert timer.should_trigger_for_step(12)


def test_hooks_that_need_nothing_let_many_steps_run_in_one_call():
    assert loop([], steps=250, blocks=True) == [1, 100, 100, 49]
    assert loop([LoggingTensorHook(["loss"], every_n_iter=100)], steps=202, blocks=True) == [1, 99, 1, 99, 1, 1]
    assert loop([StopAtStepHook(50), StepCounterHook(20)], steps=90, blocks=True) == [1, 20, 20, 9]


def test_steps_that_move_the_global_step_by_more_run_one_by_one():
    assert loop([StopAtStepHook(last_step=10)], steps=90, blocks=True, moves=2) == [1] * 5


def test_a_subclass_with_own_methods_sees_every_step():
    seen = []

    class Own(StopAtStepHook):
        def after_run(self, run_context, run_values):
            super().after_run(run_context, run_values)
            seen.append(run_context.steps)

    class Renamed(StopAtStepHook):
        pass

    changed = StopAtStepHook(4)
    changed.after_run = lambda run_context, run_values: None
    assert loop([Own(num_steps=4)], steps=9, blocks=True) == [1] * 4 == seen
    assert loop([changed], steps=4, blocks=True) == [1] * 4
    assert loop([Renamed(num_steps=4)], steps=9, blocks=True) == [1, 3]


def test_the_coordinator_stops_too():
    class Stopping(SessionRunHook):
        def after_create_session(self, session, coord):
            coord.request_stop()

    class Failing(SessionRunHook):
        def after_create_session(self, session, coord):
            coord.request_stop(OSError("disk"))

    assert loop([Stopping()]) == []
    with pytest.raises(OSError, match="disk"):
        loop([Failing()])


def test_begin_and_before_run_see_the_graph_of_the_model():
    graph, seen = tf.Graph(), []

    class Looking(tf.compat.v1.train.SessionRunHook):
        def begin(self):
            seen.append(tf.compat.v1.get_default_graph() is graph)

        def before_run(self, run_context):
            seen.append(tf.compat.v1.get_default_graph() is graph)
            return tf.compat.v1.train.SessionRunArgs("loss")

        def after_run(self, run_context, run_values):
            seen.append((tf.executing_eagerly(), run_values.results))

    loop(check_hooks([Looking()]), Session(graph=graph), steps=1)
    assert seen == [True, True, (True, 0.0)]


def test_only_hooks_are_hooks():
    assert check_hooks(None) == []
    with pytest.raises(TypeError, match=r"`hooks` must hold `SessionRunHook`s only\. Received: 3"):
        check_hooks([3])
