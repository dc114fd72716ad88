"""A Keras model of any precision as one that computes in float32, as lite files and serving on CPUs want it."""

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

__all__ = ["half_layers", "save_float32"]

_CONFIG = "config.json"
_MIXED = ("mixed_bfloat16", "mixed_float16")
_HALVES = ("bfloat16", "float16")


def save_float32(model: "keras.Model", path: Path) -> bool:
    """Saves a model as a `.keras` file whose layers of mixed precision compute in float32, with the same weights.

    Layers that a class of the model's own makes follow the policy under which the file is loaded.

    Returns:
        Whether any layer was of mixed precision, so that what is saved gives other figures in the last digits.
    """
    with _own_optimizer(model):
        model.save(path)
    with zipfile.ZipFile(path) as archive:
        saved = json.loads(archive.read(_CONFIG))
        wanted = _in_float32(saved)
        if wanted == saved:
            return False
        entries = [(entry, archive.read(entry)) for entry in archive.infolist()]
    with zipfile.ZipFile(path, "w") as archive:
        for entry, data in entries:
            archive.writestr(entry, json.dumps(wanted) if entry.filename == _CONFIG else data)
    return True


@contextmanager
def _own_optimizer(model: "keras.Model") -> Iterator[None]:
    """The optimizer that `compile` got, without the loss scale that Keras puts around it under `mixed_float16`.

    Keras saves the one and the other's variables, which do not fit where the file is loaded under another policy.
    """
    import keras

    whole, config = getattr(model, "optimizer", None), model.get_compile_config() or {}
    given, kind = config.get("optimizer"), keras.optimizers.LossScaleOptimizer
    asked_for = isinstance(given, dict) and given.get("class_name") == kind.__name__
    if asked_for or not isinstance(whole, kind):
        yield
        return
    model.optimizer = whole.inner_optimizer
    try:
        yield
    finally:
        model.optimizer = whole


def half_layers(model: "keras.Model") -> list[str]:
    """Names of the layers that compute in 16 bits."""
    found = [model.name] if model.compute_dtype in _HALVES else []
    for layer in getattr(model, "layers", ()):
        found += half_layers(layer)
    return found


def _in_float32(part: Any) -> Any:
    """A saved config, mixed policies replaced wherever they stand."""
    if isinstance(part, list):
        return [_in_float32(one) for one in part]
    if not isinstance(part, dict):
        return part
    if part.get("class_name") == "DTypePolicy" and part["config"]["name"] in _MIXED:
        return part | {"config": {"name": "float32"}}
    mixed = part.get("dtype")
    return {name: _in_float32(value) for name, value in part.items()} | (
        {"dtype": "float32"} if isinstance(mixed, str) and mixed in _MIXED else {}
    )
