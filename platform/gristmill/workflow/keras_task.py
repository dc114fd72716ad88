"""The one task of a Keras model of the user's own: trained, measured, and exported by its named inputs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gristmill.app import Outputs, Task, Work
from gristmill.gate import Gate
from gristmill.workflow.keras_saved import read_keras
from gristmill.workflow.keras_source import KerasSource

if TYPE_CHECKING:
    import keras

    from gristmill.lite import KerasEntry, Signature

__all__ = ["KerasTask"]

_REQUESTS = 500
_ALLOWED_SHARE, _ALLOWED_AT_LEAST = 0.02, 1e-3
_ALIKE, _CLOSE = 0.1, 0.01
_AGREEMENT = 0.9


class KerasTask:
    """Does the work of the task; what it exports is what `signature` was last asked for.

    Args:
        source: The file that builds the model. A run's is not run unless the saved model needs it.
        validation: Metrics of a run on validation; none of what is still to be trained.
        metric: The metric that chose the epoch.
        greater_is_better: Whether more of it is better.
    """

    def __init__(
        self,
        source: KerasSource,
        validation: Mapping[str, float] | None = None,
        metric: str = "loss",
        greater_is_better: bool = False,
    ) -> None:
        self._source, self._validation, self._metric = source, dict(validation or {}), metric
        self._greater_is_better = greater_is_better
        self._model: Any = None
        self._entry: Any = None

    def task(self) -> Task:
        """The record of it."""
        return Task(
            name="model",
            metrics=tuple(self._validation) or ("loss",),
            fit=self.fit,
            evaluate=self.evaluate,
            baselines=lambda work, split: {},
            signature=self.signature,
            assets=lambda work: self._entry.assets,
            requests=self.requests,
            score=self.score,
            agreement=agreement,
            gate=self.gate,
            load=self.load,
            exported=lambda model: self._entry.model,
        )

    @property
    def gate(self) -> Gate:
        """The metric that chose the epoch may lose 2% of its value on validation, or .001 where that is more.

        And nine of ten outputs must agree, see `agreement`.
        """
        allowed = max(_ALLOWED_SHARE * abs(self._validation.get(self._metric, 0.0)), _ALLOWED_AT_LEAST)
        return Gate(self._metric, allowed, _AGREEMENT, self._greater_is_better)

    def fit(self, work: Work) -> "keras.Model":
        """Trains; validation chooses the epoch."""
        from gristmill.training import fit

        config, model = work.config, self._source.model(work.dataset)
        fit(
            model,
            _data(work, "train", work.seed),
            epochs=config.epochs,
            validation=_data(work, "validation"),
            metric=f"val_{config.metric}",
            greater_is_better=config.greater_is_better,
            patience=config.patience,
            **work.training("model"),
        )
        return model

    def load(self, path: Path) -> "keras.Model":
        """The saved model: see `read_keras`."""
        return read_keras(path, self._source)

    def evaluate(self, model: "keras.Model", work: Work, split: str) -> dict[str, float]:
        """The loss and the metrics that the model is compiled with."""
        from gristmill.training import evaluate

        return evaluate(self._compiled(model, work), _data(work, split))

    def _compiled(self, model: "keras.Model", work: Work) -> "keras.Model":
        """The model, or where its loss was not read, the file's own with its weights."""
        from gristmill.training import evaluate

        if model.compiled:
            return model
        made = self._source.model(work.dataset)
        evaluate(made, _data(work, "validation"))  # builds it
        made.set_weights(model.get_weights())
        return made

    def signature(self, model: "keras.Model", work: Work) -> "Signature":
        """`predict`: one record's inputs by name, as `gristmill.lite.keras_entry` tells."""
        from gristmill.lite import keras_entry

        self._model, self._entry = self._compiled(model, work), keras_entry(model)
        found: KerasEntry = self._entry
        return found.signature

    def requests(self, work: Work, split: str) -> list[dict[str, Any]]:
        """The split's first records."""
        features = _first(work, split)[0]
        rows = len(next(iter(features.values())))
        return [
            self._entry.request({name: features[name][row : row + 1] for name in self._entry.signature.inputs})
            for row in range(rows)
        ]

    def score(self, outputs: Sequence[Outputs], work: Work, split: str) -> dict[str, float]:
        """The loss and metrics of the outputs for the split's first records."""
        from gristmill.training.keras_loss import score_outputs

        together = {name: np.concatenate([row[name] for row in outputs]) for name in outputs[0]}
        return score_outputs(self._model, _first(work, split), together)


def agreement(reference: Sequence[Outputs], outputs: Sequence[Outputs]) -> float:
    """Share of the outputs that two systems give alike.

    Of several numbers in the last axis, the place of the largest counts; a single number is alike where it differs by no
    more than a tenth of the float model's deviation over the records, or a hundredth of itself.
    """
    alike = []
    for name in reference[0]:
        first, second = (np.concatenate([row[name] for row in side]) for side in (reference, outputs))
        if first.ndim > 1 and first.shape[-1] > 1:
            alike.append(first.argmax(-1) == second.argmax(-1))
        else:
            allowed = np.maximum(_ALIKE * first.std(), _CLOSE * np.abs(first)) + np.finfo(np.float32).eps
            alike.append(np.abs(first - second) <= allowed)
    return float(np.concatenate([part.ravel() for part in alike]).mean())


def _data(work: Work, split: str, seed: int | None = None, batch: int | None = None) -> Any:
    from gristmill.data.supervised import Supervised

    return Supervised(work.dataset, split, batch or work.config.batch, label=work.config.label, seed=seed)


def _first(work: Work, split: str) -> Any:
    return next(iter(_data(work, split, batch=_REQUESTS)()))
