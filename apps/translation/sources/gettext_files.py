"""Messages of gettext: `.po` and `.mo` files, each message under its context and its own text.

The formats are https://www.gnu.org/software/gettext/manual/html_node/PO-Files.html and MO-Files.html beside it.
"""

import ast
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from gristmill.errors import InputError

__all__ = ["Message", "Messages", "read_mo", "read_po"]

_CONTEXT = "\x04"
_PLURAL = "\x00"
_LINE = re.compile(r'(?P<word>msgctxt|msgid_plural|msgid|msgstr(?:\[(?P<form>\d+)\])?)?\s*(?P<text>".*")')
_DEFAULT = re.compile(r"Default:\s*(?P<text>\".*)")
_CHARSET = re.compile(r"charset=([\w-]+)")


@dataclass(frozen=True)
class Message:
    """A message: what it is called in the program, and its text in the catalogue's language."""

    own: str
    """The text in the program's language, mostly English; empty where the key is a name."""
    text: str
    """Empty where it is not translated."""


Messages = dict[str, Message]
"""By key."""


@dataclass
class _Entry:
    """What is read of an entry of a `.po` file."""

    context: str = ""
    own: str = ""
    plural: str = ""
    forms: dict[int, str] = field(default_factory=dict)
    default: str = ""
    fuzzy: bool = False

    def add(self, word: str, form: int, text: str) -> None:
        """Adds a line of text to one of its parts."""
        if word == "msgctxt":
            self.context += text
        elif word == "msgid":
            self.own += text
        elif word == "msgid_plural":
            self.plural += text
        else:
            self.forms[form] = self.forms.get(form, "") + text


def read_po(content: bytes) -> Messages:
    """Messages of a `.po` file; fuzzy ones count as not translated, obsolete ones are left out.

    A comment `Default: "..."`, as Zope's catalogues have it, is the message's own text.

    Raises:
        InputError: A line cannot be read.
    """
    found = _CHARSET.search(content[:4096].decode("ascii", "ignore"))
    text = _decoded(content, found[1] if found else "utf-8")
    made: Messages = {}
    for entry in _entries(text):
        forms = [entry.forms[form] for form in sorted(entry.forms)]
        made |= _messages(entry.context, entry.own, entry.plural, [] if entry.fuzzy else forms, entry.default)
    return made


def _entries(text: str) -> Iterator[_Entry]:
    entry, word, form, in_default = _Entry(), "", 0, False
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if line.startswith("#"):
            if word:
                yield entry
                entry, word = _Entry(), ""
            entry.fuzzy |= line.startswith("#,") and "fuzzy" in line
            if line.startswith("#."):
                in_default = _add_default(entry, line[2:].strip(), in_default)
            continue
        if not line:
            continue
        parts = _LINE.fullmatch(line)
        if not parts or not (parts["word"] or word):
            raise InputError(f"line {number} of a .po file must be a message. Received: {line[:60]!r}")
        if parts["word"]:
            starts = parts["word"] == "msgctxt" or (parts["word"] == "msgid" and word != "msgctxt")
            if starts and word:
                yield entry
                entry = _Entry()
            word, form = parts["word"].partition("[")[0], int(parts["form"] or 0)
        entry.add(word, form, _unquoted(parts["text"], number))
    if word:
        yield entry


def _add_default(entry: _Entry, comment: str, goes_on: bool) -> bool:
    """Adds a comment to the entry's default text; gives whether the text goes on in the next line."""
    found = _DEFAULT.fullmatch(comment)
    text = found["text"].removeprefix('"') if found else comment if goes_on else None
    if text is None:
        return False
    ends = text.endswith('"') and not text.endswith('\\"')
    part = text.removesuffix('"') if ends else text
    entry.default = f"{entry.default} {part}".strip().replace('\\"', '"')
    return not ends


def _unquoted(text: str, number: int) -> str:
    try:
        return str(ast.literal_eval(text))
    except (ValueError, SyntaxError) as error:
        raise InputError(f"line {number} of a .po file must end in a quoted text. Received: {text[:60]!r}") from error


def read_mo(content: bytes) -> Messages:
    """Messages of a `.mo` file.

    Raises:
        InputError: It is none, or is cut.
    """
    order = {b"\xde\x12\x04\x95": "<", b"\x95\x04\x12\xde": ">"}.get(content[:4])
    if order is None:
        raise InputError(f"a .mo file must begin with its magic number. Received: {content[:4]!r}")
    try:
        count, originals, texts = struct.unpack_from(f"{order}3I", content, 8)
        pairs = [
            (_string(content, order, originals + 8 * i), _string(content, order, texts + 8 * i)) for i in range(count)
        ]
    except struct.error as error:
        raise InputError(f"a .mo file must be whole: {error}") from error
    header = next((text for own, text in pairs if not own), b"")
    found = _CHARSET.search(header.decode("ascii", "ignore"))
    charset = found[1] if found else "utf-8"
    made: Messages = {}
    for own_bytes, text in pairs:
        context, mark, own = _decoded(own_bytes, charset).rpartition(_CONTEXT)
        singular, _, plural = own.partition(_PLURAL)
        made |= _messages(context if mark else "", singular, plural, _decoded(text, charset).split(_PLURAL), "")
    return made


def _string(content: bytes, order: str, at: int) -> bytes:
    length, start = struct.unpack_from(f"{order}2I", content, at)
    if start + length > len(content):
        raise struct.error(f"a text ends at {start + length} of {len(content)} bytes")
    return content[start : start + length]


def _decoded(content: bytes, charset: str) -> str:
    try:
        return content.decode(charset)
    except (UnicodeDecodeError, LookupError) as error:
        raise InputError(f"a catalogue must be in its charset: {error}") from error


def _messages(context: str, own: str, plural: str, forms: list[str], default: str) -> Messages:
    """One message, or two where it has a plural: the first form is the singular's, the last one the plural's."""
    if not own:
        return {}
    key = f"{context}{_CONTEXT}{own}"
    made = {key: Message(default or own, forms[0] if forms else "")}
    if plural:
        made[f"{key}{_PLURAL}"] = Message(plural, forms[-1] if forms else "")
    return made
