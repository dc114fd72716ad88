"""The state of things made of things: arrays by dotted names."""

from collections.abc import Mapping

import pyarrow as pa

__all__ = ["State", "nested", "part"]

State = Mapping[str, pa.Array]
"""What a sketch consists of, as arrays by name."""


def nested(name: str, state: State) -> dict[str, pa.Array]:
    """The state of a part, under its name."""
    return {f"{name}.{key}": array for key, array in state.items()}


def part(name: str, state: State) -> dict[str, pa.Array]:
    """What `nested` put there; empty where there is no such part."""
    return {key.removeprefix(f"{name}."): array for key, array in state.items() if key.startswith(f"{name}.")}
