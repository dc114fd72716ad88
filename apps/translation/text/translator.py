"""Lines in, lines out: one for one, in order, over any engine, whatever stands in them."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from apps.translation.text.engine import Engine, Vocabulary, padded_length
from apps.translation.text.glossary import Glossary
from apps.translation.text.masks import SYMBOLS
from apps.translation.text.protect import HOLE, plain, protect
from apps.translation.text.segments import Segment, split_line
from apps.translation.text.symbols import restore
from gristmill.errors import InputError, WorkError

__all__ = ["Counts", "Part", "Translator"]

_SPACES = re.compile(r"\s+")
_BREAK = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")


@dataclass
class Counts:
    """What became of the lines."""

    lines: int = 0
    copied: int = 0
    """Lines without a letter to translate: blank ones, and those of signs and placeholders alone."""
    split: int = 0
    """Lines that were too long, or had too many parts to protect, and were translated in segments."""
    segments: int = 0
    """Segments that the engine was asked for; equal ones of a call count once."""
    protected: int = 0
    """Parts that were set aside and put back."""
    lost: int = 0
    """Parts that the engine lost, put back in proportion to their place in the source."""
    spare: int = 0
    """Symbols that the engine doubled or made up, left out."""
    untranslated: int = 0
    """Segments for which the engine gave nothing; the source stands for them."""


class Part(NamedTuple):
    """A segment of a line, as the engine is asked for it."""

    source: str
    """With symbols in place of what is set aside, where it is to be translated."""
    values: tuple[str, ...]
    """What is set aside; the n-th stands for the n-th symbol."""
    after: str
    """White space between it and the next."""
    ids: tuple[int, ...]
    """Its pieces; none where there is nothing to translate."""


class Translator:
    """Translates lines.

    Attributes:
        counts: What became of all lines so far.
    """

    def __init__(
        self,
        engine: Engine,
        vocabulary: Vocabulary,
        *,
        glossary: Glossary | None = None,
        beam: int = 1,
        segment_pieces: int = 64,
        batch_pieces: int = 2048,
        batch_rows: int = 64,
    ) -> None:
        """Keeps what it works with.

        Args:
            engine: The model.
            vocabulary: Its pieces.
            glossary: Terms whose translation is given.
            beam: Hypotheses that the search keeps; 1 is greedy search.
            segment_pieces: Most pieces of a segment; a longer line is split at its sentences.
            batch_pieces: Most pieces of a batch, counted with what fills its rows up.
            batch_rows: Most segments of a batch.

        Raises:
            InputError: A number is not positive.
        """
        numbers = {
            "beam": beam,
            "segment_pieces": segment_pieces,
            "batch_pieces": batch_pieces,
            "batch_rows": batch_rows,
        }
        for name, value in numbers.items():
            if value < 1:
                raise InputError(f"`{name}` must be a positive integer. Received: {value}")
        self._engine, self._vocabulary, self._glossary, self._beam = engine, vocabulary, glossary, beam
        self._segment_pieces, self._batch_pieces, self._batch_rows = segment_pieces, batch_pieces, batch_rows
        self._spelled: dict[str, bool] = {}
        self.counts = Counts()

    def translate(self, lines: Sequence[str], report: Callable[[float], None] | None = None) -> list[str]:
        """Translates lines; a line's translation does not depend on the other lines.

        Args:
            lines: Texts without an end of line.
            report: Is told after each batch how many more lines are done, in proportion to the segments.

        Returns:
            As many lines, in the same order; white space at a line's ends and between its segments is kept.

        Raises:
            InputError: A line has an end of line in it.
            WorkError: The engine gave another number of translations than it was asked for.
        """
        for number, line in enumerate(lines, start=1):
            if "\n" in line:
                raise InputError(f"`lines` must be one line each. Received: an end of line in line {number}")
        parts = [self.prepare(line) for line in lines]
        for each in parts:
            self._count(each)
        wanted = list(dict.fromkeys(part.ids for each in parts for part in each if part.ids))
        found: dict[tuple[int, ...], Sequence[int]] = {}
        for batch in self._batches(wanted):
            outputs = self._engine.translate(batch, self._beam)
            if len(outputs) != len(batch):
                raise WorkError(f"the engine must give {len(batch)} translations. Received: {len(outputs)}")
            found |= zip(batch, outputs, strict=True)
            if report:
                report(len(lines) * len(batch) / len(wanted))
        self.counts.segments += len(wanted)
        if report and not wanted:
            report(len(lines))
        return ["".join(self._finished(part, found) + part.after for part in each) for each in parts]

    def prepare(self, line: str) -> list[Part]:
        """The parts of a line, from left to right."""
        text, values = protect(unicodedata.normalize("NFC", line), self._glossary, self._is_covered)
        segments = split_line(text, self._fits) if any(map(str.isalpha, text)) else [Segment(text, "")]
        parts, place = [], 0
        for segment in segments:
            holes = segment.text.count(HOLE)
            parts.append(self._part(segment, values[place : place + holes]))
            place += holes
        return parts

    def finish(self, part: Part, pieces: Sequence[int]) -> str:
        """The translation of a part out of the pieces that the engine gave for it; what was set aside is put back."""
        translated = _BREAK.sub(" ", self._vocabulary.decode(list(pieces))).strip()
        if not translated:
            self.counts.untranslated += 1
            translated = part.source
        restored = restore(part.source, translated, part.values)
        self.counts.lost += restored.lost
        self.counts.spare += restored.spare
        return restored.text

    def _finished(self, part: Part, found: Mapping[tuple[int, ...], Sequence[int]]) -> str:
        return self.finish(part, found[part.ids]) if part.ids else part.source

    def _count(self, line: Sequence[Part]) -> None:
        asked = sum(bool(part.ids) for part in line)
        self.counts.lines += 1
        self.counts.copied += asked == 0
        self.counts.split += asked > 1
        self.counts.protected += sum(len(part.values) for part in line)

    def _part(self, segment: Segment, values: tuple[str, ...]) -> Part:
        if not any(map(str.isalpha, segment.text)):
            return Part(_filled(segment.text, values), values, segment.after, ())
        source = self._source(segment.text)
        ids = tuple(self._vocabulary.encode(source))
        return Part(source if ids else _filled(segment.text, values), values, segment.after, ids)

    def _fits(self, text: str) -> bool:
        holes = text.count(HOLE)
        return holes <= len(SYMBOLS) and len(self._vocabulary.encode(self._source(text))) <= self._segment_pieces

    def _source(self, text: str) -> str:
        """A segment as the engine is asked for it: plain signs and single spaces, and symbols in its holes."""
        signs = text if text.isascii() else "".join(plain(character, self._is_spelled) for character in text)
        return _with_symbols(_SPACES.sub(" ", signs))

    def _is_covered(self, character: str) -> bool:
        return self._is_spelled(character) or plain(character, self._is_spelled) != character

    def _is_spelled(self, character: str) -> bool:
        if character not in self._spelled:
            ids = self._vocabulary.encode(character)
            self._spelled[character] = bool(ids) and not any(map(self._vocabulary.is_byte, ids))
        return self._spelled[character]

    def _batches(self, wanted: list[tuple[int, ...]]) -> Iterator[list[tuple[int, ...]]]:
        """Segments that are filled up to the same length together, the longest first."""
        batch: list[tuple[int, ...]] = []
        for ids in sorted(wanted, key=lambda ids: (-len(ids), ids)):
            length = padded_length(ids)
            full = len(batch) == self._batch_rows or length * (len(batch) + 1) > self._batch_pieces
            if batch and (full or padded_length(batch[0]) != length):
                yield batch
                batch = []
            batch.append(ids)
        if batch:
            yield batch


def _with_symbols(text: str) -> str:
    """The text with the first, second ... symbol in its first, second ... hole."""
    return _filled(text, SYMBOLS[: text.count(HOLE)])


def _filled(text: str, values: Sequence[str]) -> str:
    parts = text.split(HOLE)
    return "".join(part + value for part, value in zip(parts, [*values, ""], strict=True))
