"""Runs a .tflite file by its named signatures; needs no TensorFlow.

It uses ai-edge-litert's Interpreter and not its CompiledModel, which corrupts the heap with a dynamic batch.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from gristmill.errors import InputError, IntegrityError, WorkError, unknown_name
from gristmill.lite.bundle import read_bundle
from gristmill.lite.signature import TensorKind

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["LiteModel", "LiteSignature"]


@dataclass(frozen=True)
class LiteSignature:
    """What one signature of a lite file takes and gives, by name."""

    inputs: Mapping[str, TensorKind]
    outputs: Mapping[str, TensorKind]


class LiteModel:
    """A .tflite file, ready to run; calls from several threads wait for each other.

    Attributes:
        path: The file.
        threads: How many threads a call may use.
        signatures: What each signature takes and gives, by name.
        assets: Content of the files that travel in it, by name.
    """

    def __init__(self, path: Path | str, threads: int = 1) -> None:
        """Loads the file.

        Raises:
            InputError: if `threads` is not a positive integer, or if the file has no named signature.
            IntegrityError: if the file is missing, cut or changed.
        """
        if type(threads) is not int or threads < 1:
            raise InputError(f"`threads` must be a positive integer. Received: threads={threads!r}")
        self.path = Path(path)
        self.threads = threads
        model, assets = read_bundle(self.path)
        self.assets: Mapping[str, bytes] = MappingProxyType(assets)
        self._lock = threading.Lock()
        self._runners = self._load(model)
        self.signatures: Mapping[str, LiteSignature] = MappingProxyType(
            {name: _describe(runner) for name, runner in self._runners.items()}
        )

    def __call__(self, signature: str | None = None, /, **inputs: "ArrayLike") -> "dict[str, NDArray[Any]]":
        """Runs one signature.

        Args:
            signature: Its name; may be left out where the file has only one.
            inputs: One array per input, of exactly the shape and dtype that `signatures` says.

        Returns:
            A fresh array per output, by name.

        Raises:
            InputError: if the signature or an input is not known, or if an input is missing or of another
                shape or dtype.
            WorkError: if the run fails, such as on an index outside its table.
        """
        name = self._choose(signature)
        arrays = _check_inputs(name, self.signatures[name].inputs, inputs)
        try:
            with self._lock:
                outputs: dict[str, NDArray[Any]] = self._runners[name](**arrays)
        except (RuntimeError, ValueError) as error:
            raise WorkError(f"{self.path.name} failed in signature {name!r}: {error}") from error
        return outputs

    def _load(self, model: bytes) -> dict[str, Any]:
        from ai_edge_litert.interpreter import Interpreter

        if not model:
            raise IntegrityError(f"{self.path.name} is empty")
        try:
            interpreter = Interpreter(model_content=model, num_threads=self.threads)
            names = sorted(interpreter.get_signature_list())
            runners = {name: interpreter.get_signature_runner(name) for name in names}
        except (RuntimeError, ValueError) as error:
            raise IntegrityError(f"{self.path.name} is not a whole TFLite file: {error}") from error
        if not runners:
            raise InputError(f"{self.path.name} must have a named signature. Received: a file without any")
        return runners

    def _choose(self, signature: str | None) -> str:
        if signature is None and len(self._runners) == 1:
            return next(iter(self._runners))
        if signature is None:
            raise InputError(
                f"`signature` must name one of the signatures of {self.path.name}: "
                f"{', '.join(self._runners)}. Received: None"
            )
        if signature not in self._runners:
            raise unknown_name(f"signature of {self.path.name}:", signature, self._runners)
        return signature


def _describe(runner: Any) -> LiteSignature:
    return LiteSignature(_kinds(runner.get_input_details()), _kinds(runner.get_output_details()))


def _kinds(details: Mapping[str, Mapping[str, Any]]) -> Mapping[str, TensorKind]:
    return MappingProxyType({name: _kind(details[name]) for name in sorted(details)})


def _kind(detail: Mapping[str, Any]) -> TensorKind:
    shape = detail["shape_signature"] if len(detail["shape_signature"]) else detail["shape"]
    dtype = np.dtype(detail["dtype"])
    return TensorKind(tuple(map(int, shape)), "string" if dtype.kind == "S" else dtype.name)


def _check_inputs(
    signature: str, kinds: Mapping[str, TensorKind], inputs: "Mapping[str, ArrayLike]"
) -> "dict[str, NDArray[Any]]":
    for name in inputs:
        if name not in kinds:
            raise unknown_name(f"input of signature {signature!r}:", name, kinds)
    missing = [name for name in kinds if name not in inputs]
    if missing:
        raise InputError(f"signature {signature!r} must get all its inputs. Missing: {', '.join(missing)}")
    arrays = {name: np.asarray(value) for name, value in inputs.items()}
    for name, array in arrays.items():
        dtype = "string" if array.dtype.kind in "SUO" else array.dtype.name
        if (array.shape, dtype) != kinds[name]:
            shape, wanted = kinds[name]
            raise InputError(
                f"input {name!r} of signature {signature!r} must be {wanted} of shape {shape}. "
                f"Received: {dtype} of shape {array.shape}"
            )
    return arrays
