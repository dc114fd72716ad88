"""Turns metrics into plain rows of texts, for the command line, the card and the pages."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MISSING = "–"
LOWER_IS_BETTER = frozenset(
    {"loss", "logloss", "error", "rmse", "mae", "mse", "mape", "perplexity", "wer", "ter", "pue", "kw", "mwh", "out"}
)
"""Names, or words of names: errors, energy, and what is out of its range."""

_UNRANKED = frozenset({"se", "sd", "std", "stderr", "count", "users", "events", "rows"})
_CAPITALS = ("auc", "bleu", "gmv", "mae", "map", "mape", "mrr", "mse", "ndcg", "pue", "rmse", "se", "ter", "wer")
_WRITTEN = {name: name.upper() for name in _CAPITALS} | {"chrf": "chrF"}
"""How a word of a metric's name is written, where not as it is."""
_UNITS = {"c": "°C", "kw": "kW", "mwh": "MWh", "percent": "%"}
"""How a unit is written, by the last word of a metric's name."""


@dataclass(frozen=True)
class Table:
    """Rows of texts under a heading.

    Attributes:
        columns: The heading, one text a column; the first column names the row.
        rows: The cells, row by row.
        best: (row, column) of each cell that is the best of its column, for marking.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    best: frozenset[tuple[int, int]] = frozenset()


def number(value: object) -> str:
    """Formats a metric: 4 decimals, whole numbers as they are, an en dash for what was not measured."""
    if value is None:
        return MISSING
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def signed(value: float | None) -> str:
    """Formats a difference: 4 decimals with its sign, an en dash for what has no difference."""
    return MISSING if value is None else f"{value:+.4f}"


def metric_title(name: str) -> str:
    """Returns how a metric is headed: `ndcg_at_10` as `NDCG@10`, `cold_recall` as `Cold recall`, `cooling_mwh` as
    `Cooling (MWh)`.
    """
    name, _, unit = name.rpartition("_") if name.rpartition("_")[2] in _UNITS else (name, "", "")
    words = [word.partition("@") for word in name.replace("_at_", "@").split("_")]
    title = " ".join(_WRITTEN.get(head, head) + mark + tail for head, mark, tail in words)
    title = title if words[0][0] in _WRITTEN else title[:1].upper() + title[1:]
    return title + (f" ({_UNITS[unit]})" if unit else "")


def in_order(systems: Iterable[str]) -> list[str]:
    """Returns the systems with ours (`model`) first and the baselines in the order in which they came."""
    return sorted(systems, key=lambda name: name != "model")


def ranks_lower(metric: str, lower_is_better: Collection[str] = LOWER_IS_BETTER) -> bool:
    """Tells whether less is better: the metric, or one word of its name, is in `lower_is_better`."""
    return metric in lower_is_better or any(word in lower_is_better for word in metric.split("_"))


def best_systems(
    values: Mapping[str, object], metric: str, lower_is_better: Collection[str] = LOWER_IS_BETTER
) -> set[str]:
    """Returns the systems that are best in `metric`, compared as printed; none if all are equal or alone.

    Counts and standard errors are not ranked.

    Args:
        values: {system: value or None}.
        metric: Name of the metric.
        lower_is_better: Names, or words of names, of metrics where less is better.
    """
    floats = {system: round(value, 4) for system, value in values.items() if isinstance(value, float)}
    if len(set(floats.values())) < 2 or _UNRANKED.intersection(metric.split("_")):
        return set()
    top = min(floats.values()) if ranks_lower(metric, lower_is_better) else max(floats.values())
    return {system for system, value in floats.items() if value == top}


def metric_table(
    systems: Mapping[str, Mapping[str, Any]],
    metrics: Sequence[str] | None = None,
    lower_is_better: Collection[str] = LOWER_IS_BETTER,
) -> Table:
    """Makes the quality table of one split: a row a system, ours first, and a column a metric.

    Args:
        systems: {system: {metric: value}}, one split of `metrics.json`.
        metrics: The columns; if None, all metrics in the order in which they first occur.
        lower_is_better: Names, or words of names, of metrics where less is better.
    """
    order = in_order(systems)
    columns = list(dict.fromkeys(metrics or (metric for system in order for metric in systems[system])))
    best = set()
    for column, metric in enumerate(columns, start=1):
        winners = best_systems({name: systems[name].get(metric) for name in order}, metric, lower_is_better)
        best |= {(order.index(name), column) for name in winners}
    rows = tuple((name, *(number(systems[name].get(metric)) for metric in columns)) for name in order)
    return Table(("System", *map(metric_title, columns)), rows, frozenset(best))


def quality_tables(
    systems: Mapping[str, Mapping[str, Any]],
    groups: Mapping[str, Sequence[str]] | None = None,
    lower_is_better: Collection[str] = LOWER_IS_BETTER,
) -> dict[str, Table]:
    """Makes one quality table a group of metrics, each with the systems that have any of them.

    Args:
        systems: {system: {metric: value}}, one split of `metrics.json`.
        groups: {title: metrics}, such as one group a model of the app; if None, one table with all metrics.
        lower_is_better: Names, or words of names, of metrics where less is better.
    """
    if groups is None:
        return {"": metric_table(systems, None, lower_is_better)} if systems else {}
    tables = {}
    for title, wanted in groups.items():
        part = {name: values for name, values in systems.items() if any(metric in values for metric in wanted)}
        columns = [metric for metric in wanted if any(metric in values for values in part.values())]
        if part:
            tables[title] = metric_table(part, columns, lower_is_better)
    return tables


def markdown(table: Table) -> str:
    """Returns a table in Markdown, numbers to the right and the best of a column in bold."""
    rows = [
        [
            f"**{cell}**" if (row, column) in table.best else cell.replace("|", "\\|")
            for column, cell in enumerate(cells)
        ]
        for row, cells in enumerate(table.rows)
    ]
    right = [
        bool(table.rows) and all(_is_number(row[column]) for row in table.rows) for column in range(len(table.columns))
    ]
    rule = ["---:" if flag else "---" for flag in right]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [list(table.columns), rule, *rows])


def _is_number(cell: str) -> bool:
    return cell == MISSING or cell.lstrip("+-")[:1].isdigit()
