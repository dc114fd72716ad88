"""What the report of a corpus of pairs says, as rows for tables and charts."""

import json
from collections.abc import Mapping
from typing import Any

from apps.translation.cleaning.names import REPORT
from gristmill.data.dataset import Dataset

__all__ = ["length_rows", "origin_rows", "read_report", "rule_rows"]

Row = dict[str, Any]


def read_report(dataset: Dataset) -> Mapping[str, Any] | None:
    """The report of a dataset of pairs; None of another dataset."""
    entry = dataset.manifest.reports.get(REPORT)
    if entry is None or dataset.manifest.app != "translation":
        return None
    report: Mapping[str, Any] = json.loads((dataset.path / entry.name).read_bytes())
    return report


def rule_rows(report: Mapping[str, Any]) -> list[Row]:
    """A row for each rule that dropped a pair, in the order in which they were tried."""
    return [
        {
            "Rule": rule["rule"],
            "Dropped": rule["dropped"],
            "Share of all": rule["dropped"] / report["read"],
            "Such as": " ⏎ ".join(example.replace("\t", " → ") for example in rule["examples"][:3]),
        }
        for rule in report["rules"]
        if rule["dropped"]
    ]


def origin_rows(report: Mapping[str, Any]) -> list[Row]:
    """A row for each origin, the one with most pairs first; read = left + the rules' columns."""
    rules = [rule["rule"] for rule in report["rules"] if rule["dropped"]]
    rows = [
        {
            "Origin": origin["origin"],
            "Read": origin["left"] + sum(origin["dropped"].values()),
            "Left": origin["left"],
            **{rule.capitalize(): origin["dropped"].get(rule, 0) for rule in rules},
        }
        for origin in report["origins"]
    ]
    return sorted(rows, key=lambda row: -row["Left"])


def length_rows(report: Mapping[str, Any]) -> list[Row]:
    """How many pairs have a source of so many words, as rows of `term`, `count` and `share`."""
    rows, low = list[Row](), 1
    for entry in report["source_words"]:
        high = entry["up_to"]
        term = f"{low} to {high}" if high else f"{low} or more"
        rows.append({"term": term, "count": entry["pairs"], "share": entry["pairs"] / max(1, report["left"])})
        low = (high or low) + 1
    return rows
