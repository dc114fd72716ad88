"""Which evaluations each exporter exports, and which of its exports it keeps."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from gristmill.estimator.best_exporter import BestExporter
from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.exporters import Exporter, FinalExporter, LatestExporter


class FakeEstimator:
    """Makes an empty folder for each export, named 1000000001 and so on."""

    def __init__(self, model_dir: Path) -> None:
        self.model_dir = str(model_dir)
        self.calls: list[tuple[Any, ...]] = []

    def export_saved_model(self, base: str, receiver_fn: Any, **kwargs: Any) -> bytes:
        self.calls.append((base, receiver_fn, kwargs))
        taken = [int(name) for name in os.listdir(base)] if os.path.isdir(base) else []
        path = os.path.join(base, str(max([1_000_000_000, *taken]) + 1))
        os.makedirs(path)
        return path.encode()


@pytest.fixture
def estimator(tmp_path: Path) -> FakeEstimator:
    return FakeEstimator(tmp_path)


def receiver_fn() -> None:
    """Stands for a receiver function."""


def export(
    exporter: Exporter, estimator: FakeEstimator, loss: float, step: int = 0, final: bool = False
) -> bytes | None:
    return exporter.export(
        estimator, f"{estimator.model_dir}/out", "model.ckpt-1", {"loss": loss, "global_step": step}, final
    )


def kept(estimator: FakeEstimator) -> list[int]:
    return sorted(int(name) - 1_000_000_000 for name in os.listdir(f"{estimator.model_dir}/out"))


def write_events(estimator: FakeEstimator, losses: Mapping[int, float]) -> None:
    with tf.Graph().as_default():
        writer = tf.compat.v1.summary.FileWriter(f"{estimator.model_dir}/eval")
        for step, loss in losses.items():
            value = tf.compat.v1.Summary.Value(tag="loss", simple_value=loss)
            writer.add_summary(tf.compat.v1.Summary(value=[value]), step)
        writer.close()


def test_what_the_estimator_is_asked_for(estimator: FakeEstimator) -> None:
    export(LatestExporter("latest", receiver_fn, {"a": "b"}, as_text=True), estimator, 1.0)
    assert estimator.calls == [
        (
            f"{estimator.model_dir}/out",
            receiver_fn,
            {"assets_extra": {"a": "b"}, "as_text": True, "checkpoint_path": "model.ckpt-1"},
        )
    ]


def test_the_latest_exports_are_kept(estimator: FakeEstimator) -> None:
    exporter = LatestExporter("latest", receiver_fn, exports_to_keep=2)
    os.makedirs(f"{estimator.model_dir}/out/1000000000")
    assert all(export(exporter, estimator, loss) for loss in (1.0, 2.0, 3.0))
    assert kept(estimator) == [2, 3]


def test_what_is_no_export_is_left_alone(estimator: FakeEstimator) -> None:
    exporter = LatestExporter("latest", receiver_fn, exports_to_keep=1)
    export(exporter, estimator, 1.0)
    os.makedirs(f"{estimator.model_dir}/out/12")
    export(exporter, estimator, 1.0)
    assert kept(estimator) == [12 - 1_000_000_000, 2]


def test_without_a_number_all_are_kept(estimator: FakeEstimator) -> None:
    exporter = LatestExporter("latest", receiver_fn, exports_to_keep=None)
    for _ in range(7):
        export(exporter, estimator, 1.0)
    assert len(kept(estimator)) == 7


def test_the_final_exporter_waits_for_the_end(estimator: FakeEstimator) -> None:
    exporter = FinalExporter("final", receiver_fn)
    assert exporter.name == "final"
    assert export(exporter, estimator, 1.0) is None
    assert export(exporter, estimator, 1.0, final=True) == f"{estimator.model_dir}/out/1000000001".encode()


def test_only_better_models_are_exported(estimator: FakeEstimator) -> None:
    exporter = BestExporter(serving_input_receiver_fn=receiver_fn, exports_to_keep=2)
    assert exporter.name == "best_exporter"
    done = [export(exporter, estimator, loss) is not None for loss in (0.5, 0.6, 0.4, 0.4, 0.3)]
    assert done == [True, False, True, False, True]
    assert kept(estimator) == [2, 3]


def test_what_is_better_can_be_chosen(estimator: FakeEstimator) -> None:
    def larger(best_eval_result: Any, current_eval_result: Any) -> bool:
        return bool(current_eval_result["loss"] > best_eval_result["loss"])

    exporter = BestExporter("best", receiver_fn, compare_fn=larger)
    assert [export(exporter, estimator, loss) is not None for loss in (0.5, 0.4, 0.6)] == [True, False, True]


def test_an_earlier_runs_best_is_to_be_beaten(estimator: FakeEstimator) -> None:
    write_events(estimator, {1: 0.5, 2: 0.3, 3: 0.4})
    export(BestExporter("best", receiver_fn), estimator, 0.3)
    restarted = BestExporter("best", receiver_fn)
    assert export(restarted, estimator, 0.4, step=3) is None
    assert export(restarted, estimator, 0.2, step=4)


def test_the_current_evaluations_own_events_do_not_count(estimator: FakeEstimator) -> None:
    export(BestExporter("best", receiver_fn), estimator, 0.5)
    write_events(estimator, {1: 0.5, 2: 0.3})
    assert export(BestExporter("best", receiver_fn), estimator, 0.3, step=2)


def test_without_earlier_exports_the_first_is_exported(estimator: FakeEstimator) -> None:
    write_events(estimator, {1: 0.1})
    assert export(BestExporter("best", receiver_fn), estimator, 0.5, step=2)


def test_without_a_pattern_no_events_are_read(estimator: FakeEstimator) -> None:
    write_events(estimator, {1: 0.1})
    export(BestExporter("best", receiver_fn), estimator, 0.5)
    assert export(BestExporter("best", receiver_fn, event_file_pattern=None), estimator, 0.5, step=2)


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda: LatestExporter("a", receiver_fn, exports_to_keep=0), "`exports_to_keep` must be positive"),
        (lambda: BestExporter("a", receiver_fn, exports_to_keep=-1), "`exports_to_keep` must be positive"),
        (lambda: BestExporter("a", receiver_fn, compare_fn=None), "`compare_fn` must be a function"),  # type: ignore[arg-type]
        (lambda: BestExporter("a", receiver_fn, compare_fn=lambda a, b: True), "`compare_fn` must be a function"),
    ],
)
def test_rules(make: Any, rule: str) -> None:
    with pytest.raises(ArgumentError, match=rule):
        make()


def test_a_loss_is_needed_to_compare(estimator: FakeEstimator) -> None:
    exporter = BestExporter("best", receiver_fn)
    export(exporter, estimator, 0.5)
    with pytest.raises(ArgumentError, match="`current_eval_result` must have a `loss`"):
        exporter.export(estimator, f"{estimator.model_dir}/out", "model.ckpt-1", {}, False)
