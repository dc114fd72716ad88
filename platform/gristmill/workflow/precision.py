"""The precision that training computes in.

Weights are float32 at each precision. `mixed_float16` and `mixed_bfloat16` compute layers in 16 bits, which is faster on
hardware that has units for it; in float16 the training step scales the loss. What a run keeps computes in float32: see
`gristmill.lite.save_float32`.

Source: Micikevicius et al. 2018, https://arxiv.org/abs/1710.03740
"""

from collections.abc import Iterator
from contextlib import contextmanager

from gristmill.errors import unknown_name

__all__ = ["PRECISIONS", "check_precision", "set_precision"]

PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16")


def check_precision(name: str) -> None:
    """Checks a name.

    Raises:
        InputError: It is none of `PRECISIONS`.
    """
    if name not in PRECISIONS:
        raise unknown_name("precision", name, PRECISIONS)


@contextmanager
def set_precision(name: str) -> Iterator[None]:
    """Models that are built inside compute at this precision; the policy from before is put back.

    Raises:
        InputError: It is none of `PRECISIONS`.
    """
    check_precision(name)
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
