"""JSON lines: scalars as texts, arrays as lists of texts; what is no usable object is set aside."""

import gzip
from collections.abc import Callable
from typing import Any

import pytest

from gristmill.errors import InputError
from pipelines.readers import json_lines

Make = Callable[[str, bytes | str], str]
Read = Callable[..., tuple[list[tuple[Any, ...]], list[tuple[int, str, bytes]]]]


def test_values_come_as_they_are_written(make_file: Make, read_rows: Read) -> None:
    text = (
        '{"a": "x", "b": 1}\n\n{"b": 12345678901234567890.0, "a": null}\r\n'
        '{"a": true, "b": ["p", 2, null]}\n{"a": "ü", "b": NaN}'
    )
    for path in (make_file("x.jsonl", text), make_file("x.jsonl.gz", gzip.compress(text.encode()))):
        rows, rejected = read_rows(path, "a", "b")
        assert rejected == []
        assert rows == [
            (1, "x", "1"),
            (3, None, "12345678901234567890.0"),
            (4, "true", ["p", "2", None]),
            (5, "ü", "NaN"),
        ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"a": 1', "not a usable JSON object: Expecting ',' delimiter"),
        ("[1]", "it must be an object. Received: '[1]'"),
        ('{"a": 1, "a": 2}', "a key stands twice: a"),
        ('{"a": {"x": 1}}', '`a` must be a text, a number or a list of those. Received: \'{"x": "1"}\''),
        ('{"a": [[[1]]]}', "`a` must be a text, a number or a list of those"),
        ('{"a": "\\ud800"}', "surrogates not allowed"),
        ("[" * 100_000, "recursion"),
    ],
)
def test_a_bad_line_costs_itself_only(line: str, reason: str, make_file: Make, read_rows: Read) -> None:
    path = make_file("x.jsonl", '{"a": "good"}\n' + line + '\n{"a": "too"}\n')
    rows, rejected = read_rows(path, "a")
    assert rows == [(1, "good"), (3, "too")]
    assert [(position, text) for position, _, text in rejected] == [(2, line.encode())]
    assert reason in rejected[0][1]


def test_a_key_within_an_object_is_named_with_a_dot(make_file: Make, read_rows: Read) -> None:
    lines = ['{"t": {"en": "x", "n": 1}}', '{"t": null}', "{}", '{"t.en": "whole"}', '{"t": {"en": "y", "en": "z"}}']
    path = make_file("a.jsonl", "".join(f"{line}\n" for line in lines))
    rows, rejected = read_rows(path, "t.en", "t.n")
    assert rows == [(1, "x", "1"), (2, None, None), (3, None, None), (4, "whole", None)]
    assert [(position, reason) for position, reason, _ in rejected] == [
        (5, "not a usable JSON object: a key stands twice: en")
    ]
    with pytest.raises(InputError, match=r"unknown key 't\.es'"):
        read_rows(path, "t.es")


def test_a_line_that_is_not_utf8_is_set_aside(make_file: Make, read_rows: Read) -> None:
    rows, rejected = read_rows(make_file("x.jsonl", b'{"a": "\xff"}\n{"a": 1}\n'), "a")
    assert rows == [(2, "1")]
    assert rejected == [(1, "not UTF-8: byte 0xff at byte 7 of the record", b'{"a": "\xff"}')]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty; one JSON object a line is needed"),
        ("\n\n", "the file is empty; one JSON object a line is needed"),
        ('{"ab": 1}\n', "unknown key 'a'; did you mean 'ab'?"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(text: str, message: str, make_file: Make, read_rows: Read) -> None:
    path = make_file("x.jsonl", text)
    with pytest.raises(InputError) as error:
        read_rows(path, "a")
    assert str(error.value) == f"{path}: {message}"


def test_chunks_change_nothing(make_file: Make, read_rows: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [f'{{"a": {i}, "b": {["x"] * (i % 3)}}}'.replace("'", '"') for i in range(20)]
    path = make_file("x.jsonl", "\n".join([*lines, "{", '{"a": null}']))
    whole = read_rows(path, "a", "b")
    assert len(whole[0]) == 21
    for chunk in (3, 7, 50):
        monkeypatch.setattr(json_lines, "_CHUNK_BYTES", chunk)
        assert read_rows(path, "a", "b") == whole
