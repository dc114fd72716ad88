"""Harm to a file as a whole: gzip that is cut or flipped, files that change or go while they are read, unreadable ones."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.pipelines.exact_cases import FORMATS, Case
from tests.pipelines.exact_pairs import pairs
from tests.pipelines.exact_parquet import table_case


def gzips() -> Iterator[Case]:
    """A stream that is cut, flipped or followed by something else; two streams; text that is not packed at all."""
    for name in ("csv.gz", "jsonl.gz"):
        made = FORMATS[name]
        whole = made.case("", made.lines())
        data, message = whole.content, f"{made.file}: the gzip stream is cut or damaged after [0-9]+ unpacked bytes"
        for size in (5, 12, len(data) // 2, len(data) - 8, len(data) - 1):
            yield whole.fails(message, f"{name}: cut after {size} bytes", content=data[:size])
        for place in (3, 11, len(data) // 3, len(data) // 2, len(data) - 12, len(data) - 6, len(data) - 2):
            flipped = data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :]
            yield whole.fails(message, f"{name}: byte {place} flipped", content=flipped)
        yield whole.fails(message, f"{name}: something behind the stream", content=data + b"more")
        yield whole.fails(message, f"{name}: a second stream that is cut", content=data + data[:-3])
        text = b"".join(line.text + b"\n" for line in made.lines())
        two = made.pack(text[:200]) + made.pack(text[200:]) + b"\0" * 9
        yield Case(f"{name}: two streams and zeros", made.file, two, whole.written)
        yield Case(f"{name}: not packed", made.file, text, whole.written)


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size * 2 // 3)


def _grow(path: Path) -> None:
    with open(path, "ab") as file:
        file.write(b"\n")


def _change(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-30] ^= 1
    path.write_bytes(data)


def _change_and_set_time_back(path: Path) -> None:
    state = path.stat()
    _change(path)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def _replace(path: Path) -> None:
    state = path.stat()
    other = path.with_name("other")
    other.write_bytes(path.read_bytes()[::-1])
    os.utime(other, ns=(state.st_atime_ns, state.st_mtime_ns))
    other.rename(path)


def _touch_rights(path: Path) -> None:
    path.chmod(0o600)


MEDDLINGS: tuple[tuple[str, Callable[[Path], None]], ...] = (
    ("cut while it is read", _cut),
    ("grown while it is read", _grow),
    ("changed while it is read", _change),
    ("changed while it is read, its time set back", _change_and_set_time_back),
    ("replaced while it is read", _replace),
    ("gone while it is read", os.unlink),
)


def changing() -> Iterator[Case]:
    """A file that is not what it was when it was looked at."""
    wholes = [made.case("", made.lines()) for made in FORMATS.values()]
    for whole in [*wholes, table_case(""), pairs("")]:
        for name, meddle in MEDDLINGS:
            words = f"{whole.file}.*: (changed|gone) while it was read"
            yield whole.fails(words, whole.name + name, meddle=meddle)
        yield Case(**{**vars(whole), "name": whole.name + "new rights while it is read", "meddle": _touch_rights})
