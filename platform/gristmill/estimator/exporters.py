"""When a model in training is exported: after each evaluation, or at the end."""

import abc
from collections.abc import Mapping
from typing import Any

from gristmill.estimator.old_exports import checked_number, delete_old

__all__ = ["EvalResult", "Exporter", "FinalExporter", "LatestExporter", "SavedModelExporter"]

EvalResult = Mapping[str, Any]
"""What `Estimator.evaluate` gives: name -> value."""


class Exporter(abc.ABC):
    """Exports a model after an evaluation, where it wants to."""

    @property
    @abc.abstractmethod
    def name(self) -> str:
        """The folder of its exports below `MODEL_DIR/export`."""

    @abc.abstractmethod
    def export(
        self,
        estimator: Any,
        export_path: str,
        checkpoint_path: str,
        eval_result: EvalResult,
        is_the_final_export: bool,
    ) -> bytes | None:
        """Exports the model or does nothing.

        Args:
            estimator: The estimator in training.
            export_path: The folder of all exports of this exporter.
            checkpoint_path: The checkpoint that was evaluated.
            eval_result: What the evaluation gave.
            is_the_final_export: Whether training has ended; never true where it has no `max_steps`.

        Returns:
            The folder of the export, or None.
        """


class SavedModelExporter(Exporter):
    """Writes SavedModels; its children say when.

    Args:
        name: The folder of its exports below `MODEL_DIR/export`.
        serving_input_receiver_fn: What the exported model takes.
        assets_extra: Path below `assets.extra` -> file to copy.
        as_text: Whether the graph is written as text.
    """

    def __init__(
        self,
        name: str,
        serving_input_receiver_fn: Any,
        assets_extra: Mapping[str, Any] | None = None,
        as_text: bool = False,
    ) -> None:
        self._name = name
        self._receiver_fn = serving_input_receiver_fn
        self._assets_extra = assets_extra
        self._as_text = as_text

    @property
    def name(self) -> str:
        """The folder of its exports below `MODEL_DIR/export`."""
        return self._name

    def write(self, estimator: Any, export_path: str, checkpoint_path: str) -> bytes:
        """Writes the model of a checkpoint into a new folder below `export_path`, which it returns."""
        exported: bytes = estimator.export_saved_model(
            export_path,
            self._receiver_fn,
            assets_extra=self._assets_extra,
            as_text=self._as_text,
            checkpoint_path=checkpoint_path,
        )
        return exported


class FinalExporter(SavedModelExporter):
    """Exports once, when training ends; arguments as those of `SavedModelExporter`."""

    def export(
        self,
        estimator: Any,
        export_path: str,
        checkpoint_path: str,
        eval_result: EvalResult,
        is_the_final_export: bool,
    ) -> bytes | None:
        """Exports the model where training has ended."""
        return self.write(estimator, export_path, checkpoint_path) if is_the_final_export else None


class LatestExporter(SavedModelExporter):
    """Exports after each evaluation, and deletes its old exports.

    Args:
        name: The folder of its exports below `MODEL_DIR/export`.
        serving_input_receiver_fn: What the exported model takes.
        assets_extra: Path below `assets.extra` -> file to copy.
        as_text: Whether the graph is written as text.
        exports_to_keep: Newest exports to keep; None keeps all.

    Raises:
        ArgumentError: If `exports_to_keep` is not positive.
    """

    def __init__(
        self,
        name: str,
        serving_input_receiver_fn: Any,
        assets_extra: Mapping[str, Any] | None = None,
        as_text: bool = False,
        exports_to_keep: int | None = 5,
    ) -> None:
        super().__init__(name, serving_input_receiver_fn, assets_extra, as_text)
        self._exports_to_keep = checked_number(exports_to_keep)

    def export(
        self,
        estimator: Any,
        export_path: str,
        checkpoint_path: str,
        eval_result: EvalResult,
        is_the_final_export: bool,
    ) -> bytes | None:
        """Exports the model."""
        exported = self.write(estimator, export_path, checkpoint_path)
        delete_old(export_path, self._exports_to_keep)
        return exported
