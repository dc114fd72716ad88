"""The lite formats: how the weights of a float model are stored in its .tflite file."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from gristmill.errors import InputError, unknown_name

__all__ = ["AUTO", "FORMATS", "choose_formats"]

FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "f32": "weights and arithmetic in 32-bit float: the reference",
        "f16": "weights in 16-bit float, arithmetic in 32-bit: half the size",
        "dynamic": "weights in 8-bit integers, activations quantized as they come: a quarter of the size",
        "int8_weights": "weights in 8-bit integers, activations in 16 bits: a quarter of the size, float's accuracy",
    }
)

AUTO = ("f32", "f16", "dynamic")
"""What "auto" stands for where a task names no other."""


def choose_formats(text: str, auto: Sequence[str] = AUTO) -> tuple[str, ...]:
    """Reads a list of formats, such as "f32,dynamic".

    Args:
        text: Names with commas; "auto" is one.
        auto: What "auto" stands for.

    Returns:
        Names of `FORMATS` in the order given, each once.

    Raises:
        InputError: if a name is not known, or if there is none.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise InputError(f'`formats` must be "auto" or name at least one of {", ".join(FORMATS)}. Received: {text!r}')
    for name in names:
        if name != "auto" and name not in FORMATS:
            raise unknown_name("lite format", name, ["auto", *FORMATS])
    return tuple(dict.fromkeys(part for name in names for part in (auto if name == "auto" else (name,))))
