"""The user's file whose function builds a Keras model."""

import importlib.util
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from gristmill.data.dataset import Dataset
from gristmill.errors import InputError, unknown_name
from gristmill.files import sha256_file

if TYPE_CHECKING:
    import keras

__all__ = ["KerasSource"]


@dataclass(frozen=True)
class KerasSource:
    """`file.py:function`; the file runs when its function is first asked for."""

    reference: str
    sha256: str | None = None
    """The hash that the file must have; None takes it as it is."""

    @cached_property
    def function(self) -> Callable[..., Any]:
        """The function.

        Raises:
            InputError: There is no such file or function, the file cannot be run, or it has changed.
        """
        path, function = self.path, self.reference.rpartition(":")[2]
        if self.sha256 not in (None, sha256_file(path)):
            raise InputError(f"{path} must be as it was when the model was trained. Received: a file that has changed")
        module = _module(path)
        found = getattr(module, function, None)
        if not callable(found):
            functions = [key for key, value in vars(module).items() if inspect.isfunction(value)]
            raise unknown_name(f"function of {path}", function, functions)
        made: Callable[..., Any] = found
        return made

    def run(self) -> None:
        """Runs the file, unless that is done, so that Keras knows its classes; raises as `function` does."""
        _ = self.function

    @property
    def path(self) -> Path:
        """The file; `InputError` where there is none."""
        name = self.reference.rpartition(":")[0]
        if not name:
            rule = "a model must be named as FILE.py:FUNCTION, such as model.py:build"
            raise InputError(f"{rule}. Received: {self.reference!r}")
        if not Path(name).is_file():
            raise InputError(f"the file {name} of the model {self.reference} must be there. Received: no such file")
        return Path(name)

    def model(self, dataset: Dataset) -> "keras.Model":
        """The model that the function builds; one with an argument gets the dataset.

        Raises:
            InputError: As of `function`, or what it gives is no model.
        """
        import keras

        build = self.function
        model = build(dataset) if inspect.signature(build).parameters else build()
        if not isinstance(model, keras.Model):
            raise InputError(f"`{build.__name__}` must give a keras.Model. Received: {type(model).__name__}")
        return model


def _module(path: Path) -> ModuleType:
    """Runs a file as a module of its own name."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise InputError(f"a model's file must be Python. Received: {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever the user's file raises is what is wrong with it
        raise InputError(f"{path} cannot be run: {type(error).__name__}: {error}") from error
    _register(module)
    return module


def _register(module: ModuleType) -> None:
    """Lets Keras find the file's own classes when it reads a model that has them."""
    import keras

    own = {name: kind for name, kind in vars(module).items() if getattr(kind, "__module__", "") == module.__name__}
    for name, kind in own.items():
        if inspect.isclass(kind):
            keras.saving.get_custom_objects().setdefault(name, kind)
