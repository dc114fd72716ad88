"""A named entry of a lite model: a function with fixed input names, shapes and dtypes."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from gristmill.errors import InputError, unknown_name

__all__ = ["Signature", "TensorKind"]

DTYPES = ("bool", "float16", "float32", "float64", "int8", "int16", "int32", "int64", "string", "uint8")


class TensorKind(NamedTuple):
    """Shape and dtype of a tensor that enters or leaves a lite model; equal to the plain tuple."""

    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True)
class Signature:
    """One entry to export.

    Attributes:
        name: What clients call it by, such as "recommend"; a Python identifier.
        function: Takes one tensor per input, by keyword, and returns a dict of named tensors. It
            holds the model, and must run it with `training=False`.
        inputs: Per input its shape, such as `(1, 64)`, and its dtype, such as "int32".

    Raises:
        InputError: if a name, a shape or a dtype breaks a rule, or if `function` cannot take the inputs.
    """

    name: str
    function: Callable[..., Mapping[str, Any]]
    inputs: Mapping[str, tuple[tuple[int, ...], str]]

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise InputError(f"the name of a signature must be an identifier. Received: {self.name!r}")
        if not self.inputs:
            raise InputError(f"signature {self.name!r} must have at least one input. Received: inputs={{}}")
        for name, (shape, dtype) in self.inputs.items():
            self._check_input(name, shape, dtype)
        try:
            inspect.signature(self.function).bind(**dict.fromkeys(self.inputs))
        except TypeError as error:
            raise InputError(
                f"the function of signature {self.name!r} must take the inputs "
                f"{', '.join(self.inputs)} by keyword: {error}"
            ) from error

    def _check_input(self, name: str, shape: tuple[int, ...], dtype: str) -> None:
        where = f"input {name!r} of signature {self.name!r}"
        if not name.isidentifier():
            raise InputError(f"the name of {where} must be an identifier")
        if not all(type(size) is int and size > 0 for size in shape):
            raise InputError(
                f"{where} must have a static shape: positive integers only, the batch "
                f"included. Received: shape={tuple(shape)}"
            )
        if dtype == "string" and len(shape) != 1:
            raise InputError(
                f"{where} must have one dimension, as LiteRT flattens strings; reshape them in the function. "
                f"Received: shape={tuple(shape)}"
            )
        if dtype not in DTYPES:
            raise unknown_name(f"dtype of {where}:", dtype, DTYPES)
