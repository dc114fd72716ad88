"""The kinds of distribution by name."""

from dataclasses import dataclass

from gristmill.errors import InputError, unknown_name

__all__ = ["KINDS", "MIRRORED", "MODEL_PARALLEL", "MULTI_WORKER", "PARAMETER_SERVER", "Spread"]

MIRRORED, MULTI_WORKER = "mirrored", "multiworker"
PARAMETER_SERVER, MODEL_PARALLEL = "parameter-server", "model-parallel"
KINDS = (MIRRORED, MULTI_WORKER, PARAMETER_SERVER, MODEL_PARALLEL)


@dataclass(frozen=True)
class Spread:
    """What `--distribute` says: `KIND` or `KIND:COUNT`."""

    kind: str
    count: int | None = None
    """Devices, or workers; None for what there is."""

    @classmethod
    def parse(cls, text: str) -> "Spread":
        """Reads it.

        Raises:
            InputError: The kind is not known, or the count is no number from 1 on.
        """
        kind, colon, count = text.partition(":")
        if kind not in KINDS:
            raise unknown_name("distribution", kind, KINDS)
        if colon and not (count.isdecimal() and int(count)):
            raise InputError(f"a distribution may have a count from 1 on, such as {kind}:2. Received: {text!r}")
        return cls(kind, int(count) if colon else None)

    @property
    def has_processes(self) -> bool:
        """Whether it runs in several processes."""
        return self.kind in (MULTI_WORKER, PARAMETER_SERVER)
