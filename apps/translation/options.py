"""Options of `gristmill ingest translation` beside the files: light, for the command line."""

import re
from dataclasses import dataclass, field

from gristmill.errors import InputError, unknown_name

__all__ = ["IngestOptions", "RULES", "parse_pair"]

RULES = (
    "missing",
    "damaged",
    "length",
    "ratio",
    "choices",
    "copy",
    "placeholders",
    "words",
    "language",
    "duplicate",
)
"""The rules of cleaning, in the order in which they are tried."""
_CODE = re.compile(r"[a-z]{2,3}([-_][A-Za-z]{2,4})?")


def _option(text: str) -> str | None:
    return field(default=None, metadata={"help": text})


@dataclass(frozen=True)
class IngestOptions:
    """Which languages and columns, what cleaning drops, and how large the vocabulary is."""

    pair: str = field(default="en-es", metadata={"help": "Languages of source and target, such as en-es or en:pt-BR."})
    source_column: str | None = _option("Column of the source; by default source, or the language's code.")
    target_column: str | None = _option("Column of the target; by default target, or the language's code.")
    most_characters: int = field(default=500, metadata={"help": "Most characters of a side."})
    most_ratio: float = field(default=2.5, metadata={"help": "Most times that one side may be longer than the other."})
    keep: str | None = _option(f"Rules that drop nothing, with commas between them: {', '.join(RULES[3:])}.")
    pieces: int = field(default=8000, metadata={"help": "Pieces of the vocabulary, at least 400."})
    held_out: float = field(default=0.02, metadata={"help": "Share of the sentences for validation, and for test."})
    data_info: dict[str, str] = field(default_factory=dict)
    """What to write in the manifest about the data; not an option of the command line."""

    def __post_init__(self) -> None:
        parse_pair(self.pair)
        if self.most_characters < 1:
            raise InputError(f"--most-characters must be a positive number. Received: {self.most_characters}")
        if not self.most_ratio > 1:
            raise InputError(f"--most-ratio must be above 1. Received: {self.most_ratio}")
        if not 400 <= self.pieces <= 64000:
            raise InputError(f"--pieces must be from 400 to 64000. Received: {self.pieces}")
        if not 0 < self.held_out <= 0.25:
            raise InputError(f"--held-out must be above 0 and at most 0.25. Received: {self.held_out}")
        for name in self.kept_rules:
            if name not in RULES[3:]:
                raise InputError(f"--keep: {unknown_name('rule', name, RULES[3:])}")

    @property
    def languages(self) -> tuple[str, str]:
        """Codes of source and target."""
        return parse_pair(self.pair)

    @property
    def kept_rules(self) -> tuple[str, ...]:
        """Rules that are not applied."""
        return tuple(name.strip() for name in (self.keep or "").split(",") if name.strip())


def parse_pair(pair: str) -> tuple[str, str]:
    """The two languages of `en-es`, or of `en:pt-BR` where a code has a part of its own.

    Raises:
        InputError: These are not two different codes.
    """
    source, _, target = pair.partition(":" if ":" in pair else "-")
    if not _CODE.fullmatch(source) or not _CODE.fullmatch(target) or source == target:
        raise InputError(f"a pair must be two different language codes, such as en-es. Received: {pair!r}")
    return source, target
