"""A glossary: terms of the source language whose translation is given by the user."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from gristmill.errors import InputError

__all__ = ["Glossary", "Match"]


class Match(NamedTuple):
    """A stretch `text[start:end]` of a source text, and what stands for it in the translation."""

    start: int
    end: int
    put: str


class Glossary:
    """Terms and their translations; a term is found as whole words, in small letters or with a capital as at a start.

    A term that has a capital of its own is found only as it is written.
    """

    def __init__(self, terms: Mapping[str, str]) -> None:
        """Keeps the terms.

        Raises:
            InputError: A term or its translation is blank or has an end of line.
        """
        for term, translation in terms.items():
            if any(not side.strip() or len(side.splitlines()) > 1 for side in (term, translation)):
                raise InputError(
                    f"a term and its translation must be one line each. Received: {term!r}, {translation!r}"
                )
        self.terms = {_normal(term): translation.strip() for term, translation in terms.items()}

    @classmethod
    def read(cls, path: Path) -> "Glossary":
        """Reads a file of lines `term<TAB>translation`; blank lines are passed over.

        Raises:
            InputError: The file cannot be read, a line has another form, or a term is there twice with different
                translations; the error names the line.
        """
        try:
            text = path.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"glossary {path} cannot be read: {error}") from error
        terms: dict[str, str] = {}
        for number, line in enumerate(text.split("\n"), start=1):
            if not line.strip():
                continue
            sides = [side.strip() for side in line.split("\t")]
            if len(sides) != 2 or not all(sides):
                raise InputError(f"{path}, line {number}: must be term<TAB>translation. Received: {line!r}")
            term, translation = _normal(sides[0]), sides[1]
            if terms.setdefault(term, translation) != translation:
                raise InputError(
                    f"{path}, line {number}: {term!r} must have one translation. Received: "
                    f"{terms[term]!r} and {translation!r}"
                )
        return cls(terms)

    def find(self, text: str) -> list[Match]:
        """Where its terms stand in a text (in NFC), from left to right, the longest first where several begin."""
        return (
            [Match(*match.span(), self._put(match[0])) for match in self._pattern.finditer(text)] if self.terms else []
        )

    def _put(self, found: str) -> str:
        if found in self.terms:
            return self.terms[found]
        translation = self.terms[found[0].lower() + found[1:]]
        return translation[0].upper() + translation[1:]

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        forms = {form for term in self.terms for form in (term, term[0].upper() + term[1:])}
        return re.compile("|".join(map(_whole_words, sorted(forms, key=lambda form: (-len(form), form)))))


def _normal(term: str) -> str:
    return unicodedata.normalize("NFC", term.strip())


def _whole_words(term: str) -> str:
    """A pattern that does not match inside of words."""
    before = r"(?<!\w)" if re.match(r"\w", term) else ""
    after = r"(?!\w)" if re.search(r"\w$", term) else ""
    return before + re.escape(term) + after
