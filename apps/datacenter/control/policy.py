"""A policy that is ready to plan: out of a saved Keras model or a lite file, with the same inputs and outputs.

Both load where they are first used, so that a controller travels to the plant's process as a path.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from apps.datacenter.control.settings import ControlConfig
from apps.datacenter.control.signals import Signals

if TYPE_CHECKING:
    from apps.datacenter.control.planner import Planner

__all__ = ["ASSET", "KerasPolicy", "LitePolicy", "Policy", "policy_asset"]

ASSET = "policy.json"
"""File in a lite model that says what its inputs are."""

Arrays = Mapping[str, npt.NDArray[Any]]


class Policy(Protocol):
    """Plans the set-points of a step; see `Planner.decide` for what goes in and comes out."""

    @property
    def signals(self) -> Signals:
        """What the inputs are."""

    @property
    def config(self) -> ControlConfig:
        """What it may do."""

    def decide(self, **inputs: npt.NDArray[Any]) -> Arrays:
        """Plans."""


@dataclass(frozen=True)
class KerasPolicy:
    """The policy of a saved `Dynamics`."""

    path: Path
    config: ControlConfig = field(default_factory=ControlConfig)

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        """Travels without what is loaded."""
        return KerasPolicy, (self.path, self.config)

    @cached_property
    def _planner(self) -> "Planner":
        import keras
        import tensorflow as tf

        from apps.datacenter.control import dynamics  # registers the model's own layers
        from apps.datacenter.control.planner import Planner

        with suppress(RuntimeError):  # where TensorFlow runs already, its threads are as they are
            tf.config.threading.set_intra_op_parallelism_threads(1)
        model = keras.saving.load_model(self.path, compile=False)
        assert isinstance(model, dynamics.Dynamics)
        return Planner(model, self.config)

    @property
    def signals(self) -> Signals:
        """Those of the dynamics."""
        return self._planner.dynamics.signals

    @cached_property
    def _compiled(self) -> Any:
        import tensorflow as tf

        specs = {name: tf.TensorSpec(shape, kind, name) for name, (shape, kind) in self._planner.inputs.items()}
        return tf.function(self._planner.decide, jit_compile=True).get_concrete_function(**specs)

    def decide(self, **inputs: npt.NDArray[Any]) -> Arrays:
        """Plans, compiled by XLA."""
        import tensorflow as tf

        found = self._compiled(**{name: tf.constant(value, tf.float32) for name, value in inputs.items()})
        return {name: value.numpy() for name, value in found.items()}


@dataclass(frozen=True)
class LitePolicy:
    """The policy of a lite file; needs no TensorFlow."""

    path: Path

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        """Travels without what is loaded."""
        return LitePolicy, (self.path,)

    @cached_property
    def _model(self) -> Any:
        from gristmill.lite import LiteModel

        return LiteModel(self.path)

    @cached_property
    def _about(self) -> dict[str, Any]:
        return dict(json.loads(self._model.assets[ASSET]))

    @cached_property
    def signals(self) -> Signals:
        """As the file says."""
        return Signals(**{name: tuple(values) for name, values in self._about["signals"].items()})

    @cached_property
    def config(self) -> ControlConfig:
        """As the file says."""
        return ControlConfig.model_validate(self._about["config"])

    def decide(self, **inputs: npt.NDArray[Any]) -> Arrays:
        """Plans, on one thread."""
        return dict(self._model(**{name: np.asarray(value, np.float32) for name, value in inputs.items()}))


def policy_asset(signals: Signals, config: ControlConfig) -> bytes:
    """What a lite file says of itself, as JSON: signals and settings."""
    return json.dumps({"signals": asdict(signals), "config": config.model_dump(mode="json")}).encode()
