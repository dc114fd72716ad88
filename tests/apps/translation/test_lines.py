"""Lines as they come and go: every byte of a file is accounted for."""

import io
import os
import threading
from pathlib import Path

import pytest

from apps.translation.text.lines import count_lines, open_output, read_file, read_lines
from gristmill.errors import InputError, WorkError


class Slowly(io.BytesIO):
    """Gives one byte at a time."""

    def read1(self, size: int | None = -1, /) -> bytes:
        return super().read1(1)


@pytest.mark.parametrize(
    "content", ["", "\n", "a", "a\n", "\n\n", "a\n\nb", "é\r\n😀\n", "\u2028x\n\x0b\n", "a\x00b\n"]
)
@pytest.mark.parametrize("kind", [io.BytesIO, Slowly])
def test_what_is_read_can_be_written_back(content: str, kind: type[io.BytesIO]) -> None:
    chunks = list(read_lines(kind(content.encode()), "it"))
    assert b"".join(chunk.bytes_of(chunk.lines) for chunk in chunks).decode() == content
    assert [line for chunk in chunks for line in chunk.lines] == (
        content.removesuffix("\n").split("\n") if content else []
    )


@pytest.mark.parametrize("kind", [io.BytesIO, Slowly])
def test_a_byte_order_mark_is_left_out(kind: type[io.BytesIO]) -> None:
    (only,) = read_lines(kind("\ufeffa\ufeff\n".encode()), "it")
    assert only.lines == ["a\ufeff"]


def test_what_is_not_utf_8_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(b"good\nb\xffd\n")
    with pytest.raises(InputError, match=r"bad, line 2: must be UTF-8\. Received: byte 0xff at place 2"):
        read_file(tmp_path / "bad")
    with pytest.raises(InputError, match="none cannot be read: No such file"):
        read_file(tmp_path / "none")


@pytest.mark.parametrize(("content", "count"), [("", 0), ("\n", 1), ("a", 1), ("a\n", 1), ("a\n\nb", 3)])
def test_lines_are_counted_as_they_are_read(tmp_path: Path, content: str, count: int) -> None:
    (tmp_path / "file").write_text(content)
    assert count_lines(tmp_path / "file") == len(read_file(tmp_path / "file")) == count


def test_a_pipe_is_answered_before_it_ends() -> None:
    end, start = os.pipe()
    answered = threading.Event()

    def write() -> None:
        os.write(start, b"one\ntw")
        answered.wait(20)
        os.write(start, b"o\n")
        os.close(start)

    writer = threading.Thread(target=write)
    writer.start()
    with open(end, "rb") as stream:
        chunks = read_lines(stream, "pipe")
        assert next(chunks).lines == ["one"]
        answered.set()
        assert [chunk.lines for chunk in chunks] == [["two"]]
    writer.join()


def test_an_output_is_whole_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("old")
    with pytest.raises(InputError, match="stop"), open_output(path) as stream:
        stream.write(b"half")
        raise InputError("stop")
    assert path.read_text() == "old"
    with open_output(path) as stream:
        stream.write(b"new")
    assert path.read_text() == "new" and os.listdir(tmp_path) == ["out"]


def test_an_output_needs_a_place(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="in a folder that is there"), open_output(tmp_path / "none" / "out"):
        pass
    with pytest.raises(WorkError, match="disk is full"), open_output(tmp_path / "out"):
        raise OSError(28, "disk is full")
