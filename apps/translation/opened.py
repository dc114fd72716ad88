"""A trained translator, opened from a run folder or a lite file."""

from dataclasses import dataclass

from apps.translation.text import Engine, Vocabulary
from gristmill.errors import InputError

__all__ = ["OpenedModel"]


@dataclass(frozen=True)
class OpenedModel:
    """A model that is ready to translate."""

    name: str
    """Of the run or the file."""
    engine: Engine
    vocabulary: Vocabulary
    source_language: str
    """Code such as `en`."""
    target_language: str
    segment_pieces: int = 64
    """Most pieces of a segment that it is given."""

    def check_languages(self, source: str | None, target: str | None) -> None:
        """Checks that it translates from and to these languages; None is any.

        Raises:
            InputError: It does not.
        """
        for option, wanted, own in (("--from", source, self.source_language), ("--to", target, self.target_language)):
            if wanted not in {None, own}:
                raise InputError(
                    f"`{option}` must be {own}: {self.name} translates from {self.source_language} to "
                    f"{self.target_language}. Received: {wanted}"
                )


def open_model(run: str) -> OpenedModel:
    raise NotImplementedError
