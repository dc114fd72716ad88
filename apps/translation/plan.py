"""The ingestion of sentence pairs: cleaned, cut into pieces, and split by the source sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from apps.translation.options import IngestOptions
from gristmill.data.plan import Derivation, HashSplit, IngestPlan, Source
from gristmill.errors import InputError
from gristmill.schema import Feature, Kind, Role, Schema

__all__ = ["PAIR_SCHEMA", "make_plan"]

PAIR_SCHEMA = Schema(
    features=(
        Feature(name="source", kind=Kind.TEXT),
        Feature(name="target", kind=Kind.TEXT, role=Role.LABEL),
        Feature(name="source_ids", kind=Kind.SEQUENCE, dtype="int64"),
        Feature(name="target_ids", kind=Kind.SEQUENCE, dtype="int64", role=Role.LABEL),
        Feature(name="origin", kind=Kind.CATEGORY, role=Role.KEY),
        Feature(name="sentence", kind=Kind.ID, dtype="int64", role=Role.KEY),
    )
)
"""Texts as they are, the pieces of the masked texts, where the pair comes from, and the source sentence.

`sentence` is a hash of the source in lower case without punctuation: all pairs of one sentence stand in one split.
"""


def make_plan(sources: Mapping[str, Sequence[str]], options: IngestOptions) -> IngestPlan:
    """The plan for a user's files; they are looked into when it is run.

    Raises:
        InputError: A file is missing, or its format is not known.
    """
    from pipelines.sources import expand_paths, source_file

    paths = expand_paths(sources.get("pairs", ()))
    if not paths:
        raise InputError("--pairs must name at least one file. Received: none")
    for path in paths:
        source_file(path)
    known = asdict(options)
    info = {"source_language": options.languages[0], "target_language": options.languages[1]} | known.pop("data_info")
    return IngestPlan(
        app="translation",
        records=Source(name="pairs", paths=tuple(paths), record_schema=PAIR_SCHEMA),
        split=HashSplit(key="sentence", fractions=(1 - 2 * options.held_out, options.held_out, options.held_out)),
        shards=1,
        derivation=Derivation(function="apps.translation.pairs:derive_pairs", options=known, on_runner=True),
        info=info,
    )
