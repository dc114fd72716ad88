"""Derives the records of a dataset from files of sentence pairs.

files -> columns -> clean (Beam) -> no repeats -> which sentence, which split -> vocabulary of training -> pieces, report
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from apps.translation.cleaning.names import REPORT
from apps.translation.cleaning.pipeline import FileCleaned, clean_files
from apps.translation.cleaning.report import make_report
from apps.translation.cleaning.rules import Limits
from apps.translation.opened import VOCABULARY
from apps.translation.options import IngestOptions
from apps.translation.plan import PAIR_SCHEMA
from apps.translation.sources.columns import PairFile, find_columns
from apps.translation.text.pieces import SentencePieces
from apps.translation.vocabulary import encode_all, learn
from pipelines.derive import Derived, FileUse, Place
from pipelines.duplicates import find_duplicates
from pipelines.hashing import stable_hash
from pipelines.sources import POSITION, SourceFile

__all__ = ["derive_pairs", "sentence_of"]

_MOST_PAIRS = 1_000_000
"""From which the vocabulary is learned."""


def derive_pairs(files: tuple[SourceFile, ...], settings: Mapping[str, Any], place: Place) -> Derived:
    """Makes the records of a dataset from files of pairs.

    Args:
        files: TSV, CSV, JSON lines, Parquet, TMX or two parallel files each.
        settings: The fields of `IngestOptions`.
        place: Where to run the cleaning.

    Raises:
        InputError: A file cannot be read or has no such columns.
    """
    options = IngestOptions(**settings)
    pairs = [find_columns(file, options) for file in files]
    limits = Limits(options.languages, options.most_characters, options.most_ratio, options.kept_rules)
    cleaned, table = clean_files(pairs, limits, place)
    if "duplicate" not in limits.kept:
        table = _without_repeats(table, pairs, cleaned)
    sentence = sentence_of(table.column("source"))
    table = table.append_column("sentence", pa.array(sentence))
    report = make_report(options.languages, pairs, cleaned, table)
    uses = tuple(FileUse(one.read, tuple(one.rejected), file.columns) for one, file in zip(cleaned, pairs, strict=True))
    if not table.num_rows:
        return Derived(_records(table, None), PAIR_SCHEMA, uses, {REPORT: report})
    model = learn(_training_texts(table, 1 - 2 * options.held_out), options.pieces)
    records = _records(table, model)
    report["vocabulary"] = _about(records, model)
    return Derived(records, PAIR_SCHEMA, uses, {REPORT: report}, {VOCABULARY: model})


def sentence_of(source: pa.ChunkedArray | pa.Array) -> NDArray[np.int64]:
    """A number for each sentence; those that differ in case, punctuation or spaces only have the same."""
    bare = pc.utf8_trim(pc.replace_substring_regex(pc.utf8_lower(source), r"[^\p{L}\p{N}]+", " "), " ")
    return stable_hash(bare).view(np.int64)


def _without_repeats(table: pa.Table, files: list[PairFile], cleaned: list[FileCleaned]) -> pa.Table:
    """The table without pairs that stand in it earlier; these are told as set aside."""
    twice, original = find_duplicates(table.select(["source", "target"]))
    if not twice.size:
        return table
    file, position = table.column("file").to_numpy(), table.column(POSITION).to_numpy()
    again = table.take(pa.array(twice))
    for row, first, pair in zip(twice.tolist(), original.tolist(), again.to_pylist(), strict=True):
        where = f"{files[file[first]].file.path}:{position[first]}"
        reason = f"duplicate: a pair must stand only once. The same stands at {where}"
        raw = f"{pair['source']}\t{pair['target']}".encode()
        cleaned[file[row]].rejected.append((int(position[row]), reason, raw))
        cleaned[file[row]].origins[pair["origin"], "duplicate"] += 1
    keep = np.ones(table.num_rows, bool)
    keep[twice] = False
    return table.filter(pa.array(keep))


def _training_texts(table: pa.Table, share: float) -> list[str]:
    """The masked texts of the training split, as `pipelines.arrange` parts it, of some pairs at even distances.

    Of a corpus so tiny that nothing falls to training, all.
    """
    chance = (stable_hash(table.column("sentence")) >> np.uint64(32)).astype(np.float64) / 2**32
    train = table.filter(pa.array(chance < share))
    chosen = train if train.num_rows else table
    if chosen.num_rows > _MOST_PAIRS:
        chosen = chosen.take(pa.array(np.linspace(0, chosen.num_rows - 1, _MOST_PAIRS).astype(np.int64)))
    texts: list[str] = chosen.column("masked_source").to_pylist() + chosen.column("masked_target").to_pylist()
    return texts


def _records(table: pa.Table, model: bytes | None) -> pa.Table:
    made = {name: table.column(name) for name in ("source", "target", "origin", "sentence")}
    for side in ("source", "target"):
        texts = table.column(f"masked_{side}").combine_chunks()
        made[f"{side}_ids"] = encode_all(model, texts) if model else pa.array([], pa.list_(pa.int64()))
    return pa.table({name: made[name] for name in PAIR_SCHEMA.names})


def _about(records: pa.Table, model: bytes) -> dict[str, Any]:
    """Size of the vocabulary, and how finely it cuts each side."""
    pieces = {
        side: int(pc.sum(pc.list_value_length(records.column(f"{side}_ids"))).as_py()) for side in ("source", "target")
    }
    characters = {side: int(pc.sum(pc.utf8_length(records.column(side))).as_py()) for side in ("source", "target")}
    return {
        "pieces": len(SentencePieces(model)),
        "source_pieces": pieces["source"],
        "target_pieces": pieces["target"],
        "source_characters_a_piece": round(characters["source"] / max(1, pieces["source"]), 3),
        "target_characters_a_piece": round(characters["target"] / max(1, pieces["target"]), 3),
    }
