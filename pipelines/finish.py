"""After the pipeline ran: the counts must add up; then vocabularies, statistics and manifest complete the dataset."""

import json
import os
import pickle
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gristmill.data.manifest import MANIFEST, FileEntry, Manifest, SourceReport, TableEntry
from gristmill.data.plan import SPLITS
from gristmill.errors import InputError, WorkError
from gristmill.files import write_atomic, write_json_atomic
from pipelines.analyse import Statistics, ranked
from pipelines.arrange import split_schema
from pipelines.staging import Prepared
from pipelines.write import quarantine_path, write_file

__all__ = ["Analysed", "Failed", "Quarantined", "Read", "Written", "check_unchanged", "finish", "save_outcome"]

_OUTCOME = ".outcome"


@dataclass(frozen=True)
class Read:
    """How many records a file held."""

    file: int
    records: int


@dataclass(frozen=True)
class Failed:
    """A file that could not be read, and why."""

    file: int
    message: str


@dataclass(frozen=True)
class Written:
    """A shard or side table, and how many records of each source file it holds."""

    source: int
    name: str
    entry: FileEntry
    by_file: dict[int, int]


@dataclass(frozen=True)
class Quarantined:
    """The quarantine of one source file."""

    file: int
    entry: FileEntry


@dataclass(frozen=True)
class Analysed:
    """Statistics of a split or side table."""

    source: int
    name: str
    statistics: Statistics


def save_outcome(outcomes: list[Any], work: Path) -> None:
    """Keeps what the stages told, for `finish` in the process that started the pipeline."""
    write_atomic(work / _OUTCOME, pickle.dumps(outcomes))


def finish(prepared: Prepared) -> Manifest:
    """Checks the counts and completes the dataset in the work folder.

    Raises:
        InputError: Files could not be read, changed while they were read, or hold no good record at all.
        WorkError: Of some file, read is not written + quarantined.
    """
    outcome = prepared.work / _OUTCOME
    told = pickle.loads(outcome.read_bytes())
    outcome.unlink()
    _check_files(prepared, [item for item in told if isinstance(item, Failed)])
    written = sorted((x for x in told if isinstance(x, Written)), key=lambda x: (x.source, x.name, x.entry.name))
    quarantined = sorted((x for x in told if isinstance(x, Quarantined)), key=lambda x: x.file)
    analysed = {x.name: x for x in told if isinstance(x, Analysed)}
    reports = _count(prepared, [x for x in told if isinstance(x, Read)], written, quarantined)
    manifest = _manifest(prepared, reports, written, quarantined, analysed)
    write_json_atomic(prepared.work / MANIFEST, manifest.model_dump(mode="json", exclude_defaults=False))
    return manifest


def _check_files(prepared: Prepared, failed: list[Failed]) -> None:
    if failed:
        raise InputError("\n".join(item.message for item in sorted(failed, key=lambda item: item.file)))
    check_unchanged(prepared)


def check_unchanged(prepared: Prepared) -> None:
    """Raises `InputError` where a source is no longer as it was when the pipeline began."""
    for file in prepared.files:
        try:
            state = os.stat(file.file.path)
        except OSError as error:
            raise InputError(f"{file.file.path}: gone while it was read: {error.strerror}") from error
        if (state.st_size, state.st_mtime_ns) != (file.bytes, file.modified_ns):
            raise InputError(f"{file.file.path}: changed while it was read; run the same command again")


def _count(
    prepared: Prepared, reads: list[Read], written: list[Written], quarantined: list[Quarantined]
) -> tuple[SourceReport, ...]:
    read, kept, aside = Counter[int](), Counter[int](), Counter[int]()
    for item in reads:
        read[item.file] += item.records
    for shard in written:
        kept.update(shard.by_file)
    for part in quarantined:
        aside[part.file] += part.entry.records or 0
    reports = []
    for i, file in enumerate(prepared.files):
        if read[i] != kept[i] + aside[i]:
            raise WorkError(f"{file.file.path}: read {read[i]} must be written {kept[i]} + quarantined {aside[i]}")
        reports.append(
            SourceReport(
                path=file.file.path,
                table="records" if file.source == 0 else prepared.plan.sources[file.source].name,
                bytes=file.bytes,
                sha256=file.sha256,
                read=read[i],
                written=kept[i],
                quarantined=aside[i],
            )
        )
    for index, source in enumerate(prepared.plan.sources):
        files = [i for i, file in enumerate(prepared.files) if file.source == index]
        if not any(kept[i] for i in files):
            raise InputError(_nothing_good(prepared.work, source.name, files, sum(read[i] for i in files)))
    return tuple(reports)


def _nothing_good(work: Path, name: str, files: list[int], read: int) -> str:
    message = f"{name}: at least one good record is needed. Received: {read} read, none good"
    for path in (quarantine_path(work, i) for i in files):
        if path.exists():
            entry = json.loads(path.read_text("utf-8").split("\n", 1)[0])
            return f"{message}; the first: {entry['source']}:{entry['position']}: {entry['reason']}"
    return message


def _manifest(
    prepared: Prepared,
    reports: tuple[SourceReport, ...],
    written: list[Written],
    quarantined: list[Quarantined],
    analysed: dict[str, Analysed],
) -> Manifest:
    plan = prepared.plan
    summaries = {name: item.statistics.summary() for name, item in sorted(analysed.items(), key=_split_order)}
    splits = {name: tuple(w.entry for w in written if w.source == 0 and w.name == name) for name in SPLITS}
    tables = {
        plan.sources[w.source].name: TableEntry(record_schema=plan.sources[w.source].record_schema, file=w.entry)
        for w in written
        if w.source > 0
    }
    return Manifest(
        app=plan.app,
        code_version=version("gristmill"),
        fingerprint=prepared.fingerprint,
        options={
            "split": plan.split.model_dump(mode="json"),
            "shards": prepared.shards,
            "unique": list(plan.records.unique),
        },
        info=plan.info,
        record_schema=split_schema(plan.records.record_schema, plan.split),
        splits=splits,
        tables=tables,
        vocabularies=_vocabularies(prepared, analysed),
        statistics=write_file(
            prepared.work, "statistics.json", json.dumps(summaries, indent=1, ensure_ascii=False).encode()
        ),
        quarantine=tuple(part.entry for part in quarantined),
        sources=reports,
    )


def _split_order(entry: tuple[str, Analysed]) -> tuple[int, int, str]:
    name, item = entry
    return item.source, SPLITS.index(name) if name in SPLITS else 0, name


def _vocabularies(prepared: Prepared, analysed: dict[str, Analysed]) -> dict[str, FileEntry]:
    """Writes one file a feature: terms by their count in training, then those that stand in other splits only."""
    counts: dict[str, list[Counter[str]]] = defaultdict(lambda: [Counter(), Counter()])
    for name, item in analysed.items():
        for feature, statistics in item.statistics.features.items():
            if statistics.terms is not None:
                vocabulary = feature if item.source == 0 else f"{name}.{feature}"
                counts[vocabulary][name in SPLITS[1:]].update(statistics.terms)
    entries = {}
    for vocabulary, (training, others) in sorted(counts.items()):
        terms = [term for term, _ in ranked(training)]
        terms += sorted(set(others) - set(training))
        text = "".join(_line(term) + "\n" for term in terms)
        file = re.sub(r"[%/\0]", lambda found: f"%{ord(found[0]):02X}", vocabulary)
        entries[vocabulary] = write_file(prepared.work, f"vocabulary/{file}.txt", text.encode(), len(terms))
    return entries


def _line(term: str) -> str:
    """A term on one line; one with a line end, or that starts with a quote, stands as a JSON string."""
    return json.dumps(term) if "\n" in term or "\r" in term or term.startswith('"') else term
