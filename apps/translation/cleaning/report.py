"""The report of an ingestion: how many pairs of each origin are left, and what cleaning set aside and why."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from apps.translation.cleaning.names import UNREADABLE
from apps.translation.cleaning.pipeline import FileCleaned
from apps.translation.options import RULES
from apps.translation.sources.columns import PairFile

__all__ = ["make_report"]

_EXAMPLES = 5
_MOST_CHARACTERS = 200
_LENGTHS = (5, 10, 15, 20, 30, 50, 100)
"""Upper bounds, in words of the source."""


def make_report(
    languages: tuple[str, str], files: Sequence[PairFile], cleaned: Sequence[FileCleaned], table: pa.Table
) -> dict[str, Any]:
    """What became of all pairs; read = left + set aside, over all and for each origin.

    Args:
        languages: Codes of source and target.
        files: The files.
        cleaned: What became of the records of each.
        table: What is left.
    """
    dropped: Counter[tuple[str, str]] = sum((one.origins for one in cleaned), Counter())
    rules = Counter[str]()
    for (_, rule), count in dropped.items():
        rules[rule] += count
    examples = _examples(cleaned)
    left = {value["values"]: value["counts"] for value in pc.value_counts(table.column("origin")).to_pylist()}
    return {
        "source_language": languages[0],
        "target_language": languages[1],
        "read": sum(one.read for one in cleaned),
        "left": table.num_rows,
        "normalised_texts": sum(one.normalised for one in cleaned),
        "sentences": len(table.column("sentence").unique()),
        "rules": [
            {"rule": rule, "dropped": rules[rule], "examples": examples.get(rule, [])} for rule in (UNREADABLE, *RULES)
        ],
        "origins": [
            {
                "origin": origin,
                "left": left.get(origin, 0),
                "dropped": {rule: dropped[origin, rule] for rule in (UNREADABLE, *RULES) if dropped[origin, rule]},
            }
            for origin in sorted({*left, *(origin for origin, _ in dropped)})
        ],
        "source_words": _lengths(table.column("source")),
    }


def _examples(cleaned: Sequence[FileCleaned]) -> dict[str, list[str]]:
    """The first records that each rule set aside, as they came."""
    found: dict[str, list[str]] = {}
    for one in cleaned:
        for _, reason, record in one.rejected:
            rule = reason.partition(":")[0]
            rule = rule if rule in RULES else UNREADABLE
            shown = found.setdefault(rule, [])
            if len(shown) < _EXAMPLES and record is not None:
                shown.append(record.decode("utf-8", "replace")[:_MOST_CHARACTERS])
    return found


def _lengths(source: pa.ChunkedArray) -> list[dict[str, int | None]]:
    """How many pairs have a source of up to so many words."""
    words = pc.add(pc.count_substring(source, " "), 1).to_numpy()
    made: list[dict[str, int | None]] = []
    below = 0
    for bound in _LENGTHS:
        upto = int((words <= bound).sum())
        made.append({"up_to": bound, "pairs": upto - below})
        below = upto
    return [*made, {"up_to": None, "pairs": len(words) - below}]
