"""When train_and_evaluate evaluates and exports, in one process and in the roles of a cluster."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gristmill.errors import WorkError
from gristmill.estimator.errors import ArgumentError, KindError
from gristmill.estimator.exporters import Exporter
from gristmill.estimator.hooks import CheckpointSaverListener, SessionRunHook
from gristmill.estimator.run_config import RunConfig
from gristmill.estimator.train_and_evaluate import train_and_evaluate
from gristmill.estimator.train_specs import EvalSpec, TrainSpec

CLUSTER = {"chief": ["a:1"], "worker": ["b:1"], "ps": ["c:1"]}


class FakeEstimator:
    """Trains in steps of ten with a checkpoint at each, as the core's saver does: also before the first step."""

    def __init__(self, model_dir: Path, step: int = 0) -> None:
        self.model_dir = str(model_dir)
        self.config = RunConfig()
        self.step = step
        self.evaluated: list[int] = []
        self.listeners: tuple[Any, ...] | None = None

    def train(self, input_fn: Any, hooks: Any = None, max_steps: Any = None, saving_listeners: Any = ()) -> None:
        self.listeners = tuple(saving_listeners)
        if self.step >= max_steps:
            return
        for listener in self.listeners:
            listener.begin()
        self._saved()
        while self.step < max_steps:
            self.step += 10
            self._saved()
        for listener in self.listeners:
            listener.end(None, self.step)

    def _saved(self) -> None:
        for listener in self.listeners or ():
            listener.after_save(None, self.step)

    def latest_checkpoint(self) -> str | None:
        return f"{self.model_dir}/model.ckpt-{self.step}" if self.step else None

    def evaluate(self, input_fn: Any, steps: Any, hooks: Any, checkpoint_path: str, name: Any) -> dict[str, Any]:
        self.evaluated.append(self.step)
        return {"loss": 1 / self.step, "global_step": self.step}


class Recorder(Exporter):
    """Writes down what it is asked."""

    def __init__(self, name: str = "recorder") -> None:
        self._name = name
        self.asked: list[tuple[str, str, int, bool]] = []

    @property
    def name(self) -> str:
        return self._name

    def export(
        self, estimator: Any, export_path: str, checkpoint_path: str, eval_result: Any, is_the_final_export: bool
    ) -> bytes | None:
        self.asked.append((export_path, checkpoint_path, eval_result["global_step"], is_the_final_export))
        return b"exported" if is_the_final_export else None


def input_fn() -> None:
    """Stands for an input function."""


@pytest.fixture
def in_role(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def set_role(role: str, index: int = 0, **cluster: Any) -> None:
        task = {"type": role, "index": index}
        monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster or CLUSTER, "task": task}))

    return set_role


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_CONFIG", raising=False)


def test_each_checkpoint_is_evaluated_once(tmp_path: Path) -> None:
    estimator = FakeEstimator(tmp_path)
    results = train_and_evaluate(estimator, TrainSpec(input_fn, 30), EvalSpec(input_fn, throttle_secs=0))
    assert estimator.evaluated == [10, 20, 30]
    assert results == ({"loss": 1 / 30, "global_step": 30}, [])


def test_throttling_leaves_the_first_and_the_last(tmp_path: Path) -> None:
    estimator = FakeEstimator(tmp_path)
    train_and_evaluate(estimator, TrainSpec(input_fn, 40), EvalSpec(input_fn, throttle_secs=600))
    assert estimator.evaluated == [10, 40]


def test_exporters_are_told_of_the_end(tmp_path: Path) -> None:
    first, second = Recorder("first"), Recorder("second")
    results = train_and_evaluate(
        FakeEstimator(tmp_path), TrainSpec(input_fn, 20), EvalSpec(input_fn, exporters=[first, second], throttle_secs=0)
    )
    assert first.asked == [
        (f"{tmp_path}/export/first", f"{tmp_path}/model.ckpt-10", 10, False),
        (f"{tmp_path}/export/first", f"{tmp_path}/model.ckpt-20", 20, True),
    ]
    assert len(second.asked) == 2
    assert results is not None and results[1] == [b"exported", b"exported"]


def test_nothing_is_left_to_train(tmp_path: Path) -> None:
    estimator = FakeEstimator(tmp_path, step=20)
    assert train_and_evaluate(estimator, TrainSpec(input_fn, 20), EvalSpec(input_fn)) == (None, None)


def test_own_listeners_come_first(tmp_path: Path) -> None:
    own = CheckpointSaverListener()
    estimator = FakeEstimator(tmp_path)
    train_and_evaluate(estimator, TrainSpec(input_fn, 10, saving_listeners=[own]), EvalSpec(input_fn))
    assert estimator.listeners is not None
    assert (len(estimator.listeners), estimator.listeners[0]) == (2, own)


def test_a_saved_checkpoint_must_be_found(tmp_path: Path) -> None:
    class Forgetful(FakeEstimator):
        def latest_checkpoint(self) -> str | None:
            return None

    with pytest.raises(WorkError, match="step 10 was saved"):
        train_and_evaluate(Forgetful(tmp_path), TrainSpec(input_fn, 20), EvalSpec(input_fn))


@pytest.mark.parametrize(("role", "listeners"), [("chief", 1), ("worker", 0)])
def test_trainers_do_not_evaluate(
    tmp_path: Path, in_role: Callable[..., None], caplog: Any, role: str, listeners: int
) -> None:
    in_role(role)
    estimator = FakeEstimator(tmp_path)
    spec = TrainSpec(input_fn, 10, saving_listeners=[CheckpointSaverListener()])
    assert train_and_evaluate(estimator, spec, EvalSpec(input_fn)) is None
    assert (estimator.evaluated, len(estimator.listeners or ())) == ([], listeners)
    assert "trains by itself" in caplog.text


def test_a_master_does_both(tmp_path: Path, in_role: Callable[..., None]) -> None:
    in_role("master", master=["a:1"], worker=["b:1"])
    estimator = FakeEstimator(tmp_path)
    assert train_and_evaluate(estimator, TrainSpec(input_fn, 10), EvalSpec(input_fn)) is None
    assert estimator.evaluated == [10]


def test_an_evaluator_waits_for_the_last_checkpoint(
    tmp_path: Path, in_role: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_role("evaluator")
    estimator = FakeEstimator(tmp_path)
    later = iter([None, 10, 10, 30])  # at each wait: not yet trained, new, the same, the last
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        estimator.step = next(later) or 0

    monkeypatch.setattr(time, "sleep", sleep)
    exporter = Recorder()
    spec = EvalSpec(input_fn, exporters=exporter, start_delay_secs=7, throttle_secs=0)
    assert train_and_evaluate(estimator, TrainSpec(input_fn, 30), spec) is None
    assert estimator.evaluated == [10, 30]
    assert [asked[3] for asked in exporter.asked] == [False, True]
    assert waits == [7, 1.0, 0.0, 1.0]


def test_roles_that_there_are_not(tmp_path: Path, in_role: Callable[..., None]) -> None:
    in_role("ps")
    with pytest.raises(ArgumentError, match="unless RunConfig has train_distribute='parameter-server'"):
        train_and_evaluate(FakeEstimator(tmp_path), TrainSpec(input_fn, 10), EvalSpec(input_fn))
    in_role("evaluator", 1)
    with pytest.raises(ArgumentError, match="one evaluator"):
        train_and_evaluate(FakeEstimator(tmp_path), TrainSpec(input_fn, 10), EvalSpec(input_fn))


def test_arguments_must_be_of_their_types(tmp_path: Path) -> None:
    estimator, train_spec, eval_spec = FakeEstimator(tmp_path), TrainSpec(input_fn), EvalSpec(input_fn)
    for arguments in ((1, train_spec, eval_spec), (estimator, 1, eval_spec), (estimator, train_spec, None)):
        with pytest.raises(KindError):
            train_and_evaluate(*arguments)  # type: ignore[arg-type]


def test_defaults_of_the_specs() -> None:
    assert TrainSpec(input_fn) == (input_fn, None, (), ())
    assert EvalSpec(input_fn) == (input_fn, 100, None, (), (), 120, 600)
    exporter = Recorder()
    assert EvalSpec(input_fn, exporters=exporter).exporters == (exporter,)
    hook = SessionRunHook()
    assert TrainSpec(input_fn, hooks=[hook]).hooks == EvalSpec(input_fn, hooks=[hook]).hooks == (hook,)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: TrainSpec(1), KindError),  # type: ignore[arg-type]
        (lambda: TrainSpec(input_fn, 0), ArgumentError),
        (lambda: TrainSpec(input_fn, hooks=[1]), KindError),  # type: ignore[list-item]
        (lambda: TrainSpec(input_fn, saving_listeners=[1]), KindError),  # type: ignore[list-item]
        (lambda: EvalSpec(1), KindError),  # type: ignore[arg-type]
        (lambda: EvalSpec(input_fn, 0), ArgumentError),
        (lambda: EvalSpec(input_fn, name=1), KindError),  # type: ignore[arg-type]
        (lambda: EvalSpec(input_fn, hooks=[1]), KindError),  # type: ignore[list-item]
        (lambda: EvalSpec(input_fn, exporters=1), KindError),  # type: ignore[arg-type]
        (lambda: EvalSpec(input_fn, exporters=[None]), KindError),  # type: ignore[list-item]
        (lambda: EvalSpec(input_fn, exporters=[Recorder(), Recorder()]), ArgumentError),
        (lambda: EvalSpec(input_fn, exporters=Recorder("")), ArgumentError),
        (lambda: EvalSpec(input_fn, start_delay_secs=-1), ArgumentError),
        (lambda: EvalSpec(input_fn, throttle_secs=-1), ArgumentError),
    ],
)
def test_rules_of_the_specs(make: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        make()
