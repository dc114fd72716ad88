"""Harmed files of every format have one of two ends: an error that names the file, or every record accounted for."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from gristmill.errors import InputError
from pipelines import spans
from pipelines.check import check, column_types
from pipelines.readers import delimited, json_lines, parallel, read_file
from pipelines.sources import POSITION, SourceFile, Span, source_file
from pipelines.spans import look_at
from pipelines.staging import Prepared, PreparedFile
from pipelines.unchanged import check_unchanged
from tests.pipelines import exact_cases, exact_pairs
from tests.pipelines.exact_all import CASES
from tests.pipelines.exact_cases import Case, Record

SMALL = [
    (spans, "SPAN_BYTES", 200), (spans, "_CHUNK_BYTES", 61), (delimited, "_CHUNK_BYTES", 83),
    (delimited, "_HEADER_BYTES", 29), (json_lines, "_CHUNK_BYTES", 83), (parallel, "_CHUNK_BYTES", 83),
]  # fmt: skip
"""Sizes at which every file is cut into many spans and pieces."""
Found = tuple[int, dict[int, Record], dict[int, tuple[str, bytes]]]
"""Number of records read, those that are good by position, and (reason, bytes) of those set aside."""


def test_there_are_enough_cases_and_each_has_one_end() -> None:
    assert len(CASES) >= 200
    assert len({case.name for case in CASES}) == len(CASES)
    assert not [case.name for case in CASES if case.error and (case.written or case.aside)]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_each_case_has_its_end(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for typed in (True, False):
        _has_its_end(case, typed, tmp_path)
    if not case.large:
        for module, name, size in SMALL:
            monkeypatch.setattr(module, name, size)
        _has_its_end(case, True, tmp_path)


def _has_its_end(case: Case, typed: bool, folder: Path) -> None:
    path = str(folder / case.file)
    Path(path).write_bytes(case.content)
    if case.other is not None:
        other = Path(path).with_suffix(".de")
        other.write_bytes(case.other)
        path = f"{path}::{other}"
    source = source_file(path, columns=case.columns)
    if case.error:
        with pytest.raises(InputError) as error:
            read(source, case, typed)
        assert path in str(error.value)
        assert re.search(case.error, str(error.value))
        return
    count, written, aside = read(source, case, typed)
    assert count == len(written) + len(aside)
    assert written == case.written
    assert sorted(aside) == sorted(case.aside)
    for position, (reason, record) in case.aside.items():
        assert reason in aside[position][0]
        assert record in (aside[position][1], b"")


def read(source: SourceFile, case: Case, typed: bool) -> Found:
    """What an ingestion does with one file before it writes; a file that changed is told before what it then lacks."""
    found = look_at(source)
    if case.meddle:
        case.meddle(Path(source.files[0]))
    prepared = cast(Prepared, SimpleNamespace(files=[PreparedFile(source, 0, found)], origin=None))
    try:
        return _read_spans(source, case, typed, found.spans)
    finally:
        check_unchanged(prepared)


def _read_spans(source: SourceFile, case: Case, typed: bool, parts: tuple[Span, ...]) -> Found:
    schema = exact_pairs.SCHEMA if case.other is not None else exact_cases.SCHEMA
    types = column_types(schema, source.format) if typed else None
    count, written, aside = 0, dict[int, Record](), dict[int, tuple[str, bytes]]()
    unseen: list[frozenset[str]] = []
    for span in parts:
        of_span = list(read_file(source, schema.names, span, types))
        for block in of_span:
            checked = check(block, schema)
            count += block.read
            for row in checked.batch.to_pylist():
                assert row[POSITION] not in written
                written[row.pop(POSITION)] = row
            for position, reason, record in checked.rejected:
                assert position not in aside
                aside[position] = reason, record
        if sum(block.read for block in of_span):
            unseen.append(frozenset(name for block in of_span for name in block.unseen))
    if unseen and (nowhere := frozenset.intersection(*unseen)):
        raise InputError(f"{source.path}: no record has {', '.join(nowhere)}")
    return count, written, aside
