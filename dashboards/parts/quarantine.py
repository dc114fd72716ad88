"""The records that an ingestion set aside: how many for which reason, and the first of them as they came."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gristmill.data.dataset import Dataset
from gristmill.errors import IntegrityError

__all__ = ["Quarantine", "read_quarantine", "rule_of"]

_VALUE = re.compile(r"\. (Received: |The same stands at )('(\\.|[^'])*'|[^;]*)")


@dataclass(frozen=True)
class Quarantine:
    """What was set aside.

    Attributes:
        reasons: How often each rule was broken, most often first.
        rows: The first records: file, position, reason and the record as it came.
        count: How many there are in all.
    """

    reasons: tuple[tuple[str, int], ...]
    rows: tuple[dict[str, Any], ...]
    count: int


def read_quarantine(dataset: Dataset, most: int = 1000) -> Quarantine:
    """Counts all quarantined records by reason and keeps the first `most` to show.

    Raises:
        IntegrityError: A line is not a quarantine record; the error names file and line.
    """
    reasons, rows, count = Counter[str](), list[dict[str, Any]](), 0
    for entry in dataset.manifest.quarantine:
        path = dataset.path / entry.name
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                row = _row(path, number, line)
                count += 1
                reasons[rule_of(row["Reason"])] += 1
                if len(rows) < most:
                    rows.append(row)
    return Quarantine(tuple(reasons.most_common()), tuple(rows), count)


def rule_of(reason: str) -> str:
    """The rule that a reason names, without the value that broke it."""
    return _VALUE.sub("", reason)


def _row(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        came = json.loads(line)
        return {
            "File": Path(came["source"]).name,
            "Position": came["position"],
            "Reason": came["reason"],
            "Record": came["record"],
        }
    except (ValueError, KeyError, TypeError) as error:
        raise IntegrityError(f"{path} is no quarantine record in line {number}: {error}") from error
