"""Vocabularies of a dataset: one file a feature, its terms by their count in training, then those of other splits only."""

import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from gristmill.data.manifest import FileEntry
from gristmill.data.plan import SPLITS
from pipelines.analyse import Statistics
from pipelines.sketches import Terms
from pipelines.write import write_file

__all__ = ["write_vocabularies"]


def write_vocabularies(work: Path, statistics: dict[tuple[int, str], Statistics]) -> dict[str, FileEntry]:
    """Writes the vocabulary of every feature that has terms.

    Args:
        work: The dataset's folder.
        statistics: By index of the source and name of the split or table.
    """
    counts: dict[str, tuple[Terms, Terms]] = {}
    for (source, name), counted in statistics.items():
        for feature, values in counted.features.items():
            if values.terms is not None:
                vocabulary = feature if source == 0 else f"{name}.{feature}"
                counts.setdefault(vocabulary, (Terms(), Terms()))[name in SPLITS[1:]].merge(values.terms)
    entries = {}
    for vocabulary, (training, others) in sorted(counts.items()):
        terms = _in_order(training, others)
        file = re.sub(r"[%/\0]", lambda found: f"%{ord(found[0]):02X}", vocabulary)
        entries[vocabulary] = write_file(work, f"vocabulary/{file}.txt", _lines(terms), len(terms))
    return entries


def _in_order(training: Terms, others: Terms) -> pa.Array:
    terms, _ = training.ranked()
    rest = others.table().column("term").combine_chunks()
    rest = rest.filter(pc.invert(pc.is_in(rest, terms)))
    return pa.concat_arrays([terms, rest.take(pc.sort_indices(rest))])


def _lines(terms: pa.Array) -> bytes:
    """A term a line; one with a line end, or that starts with a quote, stands as a JSON string."""
    if pc.any(pc.match_substring_regex(terms, '^"|[\n\r]'), min_count=0).as_py():
        terms = pa.array([_line(term) for term in terms.to_pylist()], pa.string())
    return "".join(f"{term}\n" for term in terms.to_pylist()).encode()


def _line(term: str) -> str:
    return json.dumps(term) if "\n" in term or "\r" in term or term.startswith('"') else term
