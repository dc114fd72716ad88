"""After the pipeline ran: the counts must add up; then vocabularies, statistics and manifest complete the dataset."""

import json
import shutil
from collections import Counter
from importlib.metadata import version
from pathlib import Path

from gristmill.data.manifest import MANIFEST, FileEntry, Manifest, SourceReport, TableEntry
from gristmill.data.plan import SPLITS
from gristmill.errors import InputError, WorkError
from gristmill.files import write_json_atomic
from pipelines.analyse import Statistics
from pipelines.arrange import HELD, split_schema
from pipelines.outcome import Failed, Quarantined, Read, Written, load_outcome
from pipelines.quarantine import quarantine_path
from pipelines.spill import SPILL
from pipelines.staging import Prepared
from pipelines.unchanged import check_unchanged
from pipelines.vocabularies import write_vocabularies
from pipelines.write import write_file

__all__ = ["finish", "nothing_good"]


def finish(prepared: Prepared) -> Manifest:
    """Checks the counts and completes the dataset in the work folder.

    Raises:
        InputError: Files could not be read, changed while they were read, hold no good record at all, or more records
            are in quarantine than the limit allows; the quarantine is then kept beside the dataset.
        WorkError: Of some file, read is not written + quarantined.
    """
    told = load_outcome(prepared.work)
    _check_files(prepared, [item for item in told if isinstance(item, Failed)])
    _check_columns(prepared, [item for item in told if isinstance(item, Read)])
    written = sorted(
        (item for item in told if isinstance(item, Written)),
        key=lambda item: (item.source, _place(item), item.partition),
    )
    quarantined = sorted((item for item in told if isinstance(item, Quarantined)), key=lambda item: item.file)
    reads = [item for item in told if isinstance(item, Read)]
    read, aside = sum(item.records for item in reads), sum(item.entry.records or 0 for item in quarantined)
    prepared.limit.hold(read, aside, prepared.work, prepared.out)
    reports = _count(prepared, reads, written, quarantined)
    _check_any_good(prepared, reports)
    _check_derived(prepared, aside)
    statistics = _statistics(prepared, written)
    manifest = _manifest(prepared, reports, written, quarantined, statistics)
    shutil.rmtree(prepared.work / SPILL, ignore_errors=True)
    write_json_atomic(prepared.work / MANIFEST, manifest.model_dump(mode="json", exclude_defaults=False))
    return manifest


def _place(item: Written) -> int:
    return SPLITS.index(item.name) if item.source == 0 else 0


def _check_files(prepared: Prepared, failed: list[Failed]) -> None:
    check_unchanged(prepared)
    if failed:
        messages = dict.fromkeys(item.message for item in sorted(failed, key=lambda item: item.file))
        raise InputError("\n".join(messages))


def _check_columns(prepared: Prepared, reads: list[Read]) -> None:
    """A column that no span of a file has is a wrong name, not a missing value."""
    unseen: dict[int, frozenset[str]] = {}
    for item in reads:
        if item.records:
            unseen[item.file] = unseen.get(item.file, item.unseen) & item.unseen
    for index, columns in sorted(unseen.items()):
        if columns:
            raise InputError(f"{prepared.file(index).file.path}: no record has {', '.join(sorted(columns))}")


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
    held = sum(prepared.base.split_records.values()) if prepared.base and prepared.rearranges else 0
    if kept[HELD] != held:
        raise WorkError(f"{prepared.out}: held {held} records, of which {kept[HELD]} were arranged anew")
    reports = []
    for file in prepared.files:
        i = file.file.index
        if read[i] != kept[i] + aside[i]:
            raise WorkError(f"{file.file.path}: read {read[i]} must be written {kept[i]} + quarantined {aside[i]}")
        reports.append(
            SourceReport(
                path=file.file.path,
                table="records" if file.source == 0 else prepared.plan.sources[file.source].name,
                bytes=file.found.bytes,
                sha256=file.found.sha256,
                read=read[i],
                written=kept[i],
                quarantined=aside[i],
            )
        )
    return tuple(reports)


def _check_any_good(prepared: Prepared, reports: tuple[SourceReport, ...]) -> None:
    if prepared.base is not None:  # it has good records, so files that only repeat them may be added
        return
    for index, source in enumerate(prepared.plan.sources):
        of_source = [
            (report, file) for report, file in zip(reports, prepared.files, strict=True) if file.source == index
        ]
        if of_source and not any(report.written for report, _ in of_source):
            read = sum(report.read for report, _ in of_source)
            files = [file.file.index for _, file in of_source]
            raise InputError(nothing_good(prepared.work, source.name, files, read))


def _check_derived(prepared: Prepared, aside: int) -> None:
    if prepared.origin and aside:
        raise WorkError(f"{prepared.out}: records that are derived must all be good. Received: {aside} that are not")


def nothing_good(work: Path, name: str, files: list[int], read: int) -> str:
    """The text of the error where no record is good, with the first that was set aside of these files."""
    message = f"{name}: at least one good record is needed. Received: {read} read, none good"
    for path in (quarantine_path(work, i) for i in files):
        if path.exists():
            entry = json.loads(path.read_text("utf-8").split("\n", 1)[0])
            return f"{message}; the first: {entry['source']}:{entry['position']}: {entry['reason']}"
    return message


def _statistics(prepared: Prepared, written: list[Written]) -> dict[tuple[int, str], Statistics]:
    """Statistics of each split and table: what the dataset held, then what was added, shard by shard.

    The order is always the same, as the order of floating-point sums changes their last digits.
    """
    made: dict[tuple[int, str], Statistics] = {}
    for name, entry in prepared.base.states.items() if prepared.base else ():
        source = next((i for i, known in enumerate(prepared.plan.sources) if i and known.name == name), 0)
        if source or prepared.stays:
            made[source, name] = Statistics.from_bytes((prepared.out / entry.name).read_bytes())
    for item in written:
        path = prepared.work / item.state
        counted = Statistics.from_bytes(path.read_bytes())
        known = made.get((item.source, item.name))
        made[item.source, item.name] = counted if known is None else known.merge(counted)
        path.unlink()
    return made


def _manifest(
    prepared: Prepared,
    reports: tuple[SourceReport, ...],
    written: list[Written],
    quarantined: list[Quarantined],
    statistics: dict[tuple[int, str], Statistics],
) -> Manifest:
    plan, base, work, stays, origin = prepared.plan, prepared.base, prepared.work, prepared.stays, prepared.origin
    summaries = {name: made.summary() for (_, name), made in statistics.items()}
    splits = {
        name: (*(stays.splits[name] if stays else ()), *(w.entry for w in written if w.source == 0 and w.name == name))
        for name in SPLITS
    }
    tables = {
        plan.sources[w.source].name: TableEntry(record_schema=plan.sources[w.source].record_schema, file=w.entry)
        for w in written
        if w.source > 0
    }
    return Manifest(
        app=plan.app,
        code_version=version("gristmill"),
        fingerprint=prepared.fingerprint,
        options_fingerprint=prepared.options_fingerprint,
        generation=prepared.generation,
        options={
            "split": plan.split.model_dump(mode="json"),
            "shards": prepared.shards,
            "unique": list(plan.records.unique),
            "memory_bytes": plan.memory_bytes,
        },
        layout=plan.layout,
        info=plan.info,
        record_schema=split_schema(plan.records.record_schema, plan.split),
        splits=splits,
        tables=base.tables if base else tables,
        vocabularies=write_vocabularies(work, statistics),
        statistics=write_file(work, "statistics.json", json.dumps(summaries, indent=1, ensure_ascii=False).encode()),
        states=_states(work, statistics),
        quarantine=origin.quarantine
        if origin
        else (*(base.quarantine if base else ()), *(part.entry for part in quarantined)),
        sources=origin.sources if origin else (*(base.sources if base else ()), *reports),
        derived=sum(report.written for report in reports) if origin else None,
        reports=origin.reports if origin else {},
        assets=origin.assets if origin else {},
    )


def _states(work: Path, statistics: dict[tuple[int, str], Statistics]) -> dict[str, FileEntry]:
    return {name: write_file(work, f"state/{name}.arrow", made.to_bytes()) for (_, name), made in statistics.items()}
