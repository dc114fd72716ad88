"""The export of the best model so far."""

import os
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from gristmill.estimator.calls import arguments_of
from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.exporters import EvalResult, SavedModelExporter
from gristmill.estimator.old_exports import checked_number, delete_old, exports_in

__all__ = ["BestExporter"]


def _loss_smaller(best_eval_result: EvalResult, current_eval_result: EvalResult) -> bool:
    """Whether the loss of the second is smaller."""
    for name, result in (("best_eval_result", best_eval_result), ("current_eval_result", current_eval_result)):
        if not result or "loss" not in result:
            raise ArgumentError(f"`{name}` must have a `loss`. Received: {name}={result!r}")
    return bool(best_eval_result["loss"] > current_eval_result["loss"])


class BestExporter(SavedModelExporter):
    """Exports when an evaluation is better than all before, and deletes its old exports.

    Where an earlier run has exported, its best evaluation, read from event files, is the first to beat.

    Args:
        name: The folder of its exports below `MODEL_DIR/export`.
        serving_input_receiver_fn: What the exported model takes.
        event_file_pattern: Event files of earlier evaluations, below the model's folder; None reads none.
        compare_fn: Function of `best_eval_result` and `current_eval_result`: whether the second is better.
        assets_extra: Path below `assets.extra` -> file to copy.
        as_text: Whether the graph is written as text.
        exports_to_keep: Newest exports to keep; None keeps all.

    Raises:
        ArgumentError: If `compare_fn` takes other arguments, or `exports_to_keep` is not positive.
    """

    def __init__(
        self,
        name: str = "best_exporter",
        serving_input_receiver_fn: Any = None,
        event_file_pattern: str | None = "eval/*.tfevents.*",
        compare_fn: Callable[..., bool] = _loss_smaller,
        assets_extra: Mapping[str, Any] | None = None,
        as_text: bool = False,
        exports_to_keep: int | None = 5,
    ) -> None:
        super().__init__(name, serving_input_receiver_fn, assets_extra, as_text)
        self._compare_fn = _checked_compare_fn(compare_fn)
        self._event_file_pattern = event_file_pattern
        self._exports_to_keep = checked_number(exports_to_keep)
        self._model_dir: Any = None
        self._best: EvalResult | None = None

    def export(
        self,
        estimator: Any,
        export_path: str,
        checkpoint_path: str,
        eval_result: EvalResult,
        is_the_final_export: bool,
    ) -> bytes | None:
        """Exports the model where it is the best so far."""
        if self._model_dir != estimator.model_dir:
            self._model_dir = estimator.model_dir
            self._best = self._best_of_before(export_path, eval_result)
        if self._best is not None and not self._is_better(self._best, eval_result):
            return None
        self._best = eval_result
        exported = self.write(estimator, export_path, checkpoint_path)
        delete_old(export_path, self._exports_to_keep)
        return exported

    def _is_better(self, best: EvalResult, current: EvalResult) -> bool:
        return self._compare_fn(best_eval_result=best, current_eval_result=current)

    def _best_of_before(self, export_path: str, current: EvalResult) -> EvalResult | None:
        """The best evaluation of an earlier run in event files, which hold the current one already."""
        if not self._event_file_pattern or not exports_in(export_path):
            return None
        best: EvalResult | None = None
        for path in tf.io.gfile.glob(os.path.join(self._model_dir, self._event_file_pattern)):
            for event in tf.compat.v1.train.summary_iterator(path):
                values = {
                    value.tag: value.simple_value for value in event.summary.value if value.HasField("simple_value")
                }
                if not values or event.step == current.get("global_step"):
                    continue
                if best is None or self._is_better(best, values):
                    best = values
        return best


def _checked_compare_fn(compare_fn: Callable[..., bool]) -> Callable[..., bool]:
    names = arguments_of(compare_fn) if callable(compare_fn) else ()
    if sorted(names) != ["best_eval_result", "current_eval_result"]:
        raise ArgumentError(
            "`compare_fn` must be a function of `best_eval_result` and `current_eval_result`. "
            f"Received: compare_fn={compare_fn!r}"
        )
    return compare_fn
