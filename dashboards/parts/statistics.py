"""A dataset's statistics as rows for charts and tables."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from dashboards.parts.quality import Row
from gristmill.data.dataset import Dataset
from gristmill.runs import Table
from gristmill.runs.tables import MISSING
from gristmill.schema import Feature, Kind, Role, Schema

__all__ = ["figures", "groups", "labels", "quantile_rows", "schema_of", "term_rows"]

_Summary = Mapping[str, Any]

_FIGURES = (
    ("Values", "count"),
    ("Missing", "missing"),
    ("Empty", "empty"),
    ("Distinct", "distinct"),
    ("Distinct (estimate)", "distinct_estimate"),
    ("Mean", "mean"),
    ("Deviation", "deviation"),
    ("Minimum", "minimum"),
    ("Median", "quantiles"),
    ("Maximum", "maximum"),
)
_WHOLE = frozenset({"count", "missing", "empty", "distinct", "distinct_estimate"})
_ENDS = {"low": "0.01", "first": "0.25", "median": "0.5", "third": "0.75", "high": "0.99"}


def groups(dataset: Dataset) -> dict[str, tuple[str, ...]]:
    """What has statistics together: the splits of the records, and each side table by itself."""
    splits = tuple(name for name in dataset.manifest.splits if name in dataset.statistics)
    return {
        "records": splits,
        **{name: (name,) for name in dataset.manifest.tables if name in dataset.statistics},
    }


def schema_of(dataset: Dataset, group: str) -> Schema:
    """The schema of the records or of a side table."""
    manifest = dataset.manifest
    return manifest.record_schema if group == "records" else manifest.tables[group].record_schema


def figures(summaries: Mapping[str, _Summary], kind: Kind) -> Table:
    """A row a split and a column a figure that any of them has; times are dates.

    Args:
        summaries: Summary of one feature by split, as `statistics.json` has it, or its `length`.
        kind: Kind of the feature.
    """
    shown = [(title, key) for title, key in _FIGURES if any(key in summary for summary in summaries.values())]
    rows = tuple((name, *(_figure(summary, key, kind) for _, key in shown)) for name, summary in summaries.items())
    return Table(("Split", *(title for title, _ in shown)), rows)


def quantile_rows(summaries: Mapping[str, _Summary], kind: Kind) -> list[Row]:
    """A row a split with its 1%, 25%, 50%, 75% and 99% quantiles; times in ms, as charts want them."""
    scale = 1000 if kind is Kind.TIME else 1
    return [
        {"split": name, **{end: summary["quantiles"][key] * scale for end, key in _ENDS.items()}}
        for name, summary in summaries.items()
        if "quantiles" in summary
    ]


def term_rows(summary: _Summary, names: Mapping[str, str], count: int) -> list[Row]:
    """A row a term: the most frequent ones of a split and their share of its values.

    Args:
        summary: Summary of one feature in one split.
        names: How to call a term, where its id says nothing.
        count: How many terms.
    """
    values = max(_values(summary), 1)
    return [
        {
            "term": f"{term} · {names[term]}" if term in names else term,
            "count": times,
            "share": times / values,
        }
        for term, times in summary.get("top", [])[:count]
    ]


def labels(dataset: Dataset, feature: str) -> dict[str, str]:
    """Names for a feature's ids, from the first text of the side table whose key it is; {} without one."""
    for name, table in dataset.manifest.tables.items():
        texts = [item.name for item in table.record_schema.features if item.kind is Kind.TEXT]
        if texts and feature in (key.name for key in _keys(table.record_schema)):
            columns = dataset.table(name).select([feature, texts[0]]).to_pydict()
            return {key: text for key, text in zip(columns[feature], columns[texts[0]], strict=True) if text}
    return {}


def _keys(schema: Schema) -> Sequence[Feature]:
    return schema.with_role(Role.KEY) or schema.features[:1]


def _values(summary: _Summary) -> float:
    """How many single values a feature has: of a list, its elements."""
    present = summary["count"] - summary["missing"]
    return present * summary["length"]["mean"] if summary.get("length") else present


def _figure(summary: _Summary, key: str, kind: Kind) -> str:
    value = summary.get(key)
    if value is None:
        return MISSING
    if key == "quantiles":
        value = value["0.5"]
    if key in _WHOLE:
        return f"{value:,}"
    if kind is Kind.TIME:
        return f"{value / 86400:,.1f} days" if key == "deviation" else _date(value)
    return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"


def _date(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
    except (OverflowError, OSError, ValueError):
        return f"{seconds:,.0f}"
