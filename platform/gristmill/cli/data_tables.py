"""Tables of `gristmill data`: figures of features, broken rules, and drift."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import typer

from gristmill.cli.output import print_table
from gristmill.data.reports import Comparison, Description, FeatureDrift, Validation
from gristmill.schema import Feature, Kind

__all__ = ["show_comparison", "show_description", "show_validation"]

_TOP = 3
_TERM = 20


def show_description(made: Description) -> None:
    """Prints a table a split or side table, a feature a line."""
    columns = ["feature", "kind", "missing", "distinct", "mean", "deviation", "min", "median", "max", "most frequent"]
    for table, features in made.statistics.items():
        schema = made.schemas[table]
        count = max((figures["count"] for figures in features.values()), default=0)
        rows = [_figures(schema[name], figures) for name, figures in features.items()]
        shown = [place for place in range(len(columns)) if place < 2 or any(row[place] for row in rows)]
        title = f"{made.name}, {table}: {count:,} records"
        print_table([columns[place] for place in shown], [[row[place] for place in shown] for row in rows], title)
    if made.invalid:
        typer.echo(f"{made.invalid:,} of {made.records:,} records break a rule of the schema and are not counted")


def _figures(feature: Feature, figures: Mapping[str, Any]) -> list[str]:
    length = figures.get("length") or {}
    numbers = figures if "mean" in figures else length
    missing = f"{figures['missing'] / figures['count']:.1%}" if figures["count"] and figures["missing"] else ""
    if figures.get("empty"):
        missing += f"{', ' if missing else ''}{figures['empty']:,} empty"
    distinct = figures.get("distinct", figures.get("distinct_estimate", ""))
    median = numbers.get("quantiles", {}).get("0.5")
    values = (numbers.get("mean"), numbers.get("deviation"), numbers.get("minimum"), median, numbers.get("maximum"))
    time = feature.kind is Kind.TIME
    shown = [_number(value, time=time, span=place == 1) for place, value in enumerate(values)]
    kind = f"{feature.kind} {feature.dtype}" + ("" if numbers is figures or not length else ", length:")
    top = ", ".join(f"{_short(term)} {times:,}" for term, times in figures.get("top", [])[:_TOP])
    return [feature.name, kind, missing, f"{distinct:,}" if distinct != "" else "", *shown, top]


def _number(value: float | None, *, time: bool, span: bool) -> str:
    if value is None:
        return ""
    if time:
        return f"{value / 86400:,.1f} days" if span else _date(value)
    return f"{value:.4g}" if abs(value) < 1e4 or abs(value) >= 1e9 else f"{value:,.0f}"


def _date(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
    except (OverflowError, OSError, ValueError):
        return f"{seconds:,.0f} s"


def _short(term: str) -> str:
    return term if len(term) <= _TERM else f"{term[: _TERM - 1]}…"


def show_validation(made: Validation) -> None:
    """Prints the broken rules, the most often broken first, with the first places."""
    rows = [
        [rule.feature or "(record)", rule.rule, f"{rule.count}", f"{place.file}:{place.position}", place.received]
        for rule in made.broken
        for place in rule.first[:1]
    ]
    if rows:
        print_table(["feature", "rule", "records", "first at", "received"], rows)
    for file, columns in made.unknown_columns.items():
        typer.echo(f"{file}: columns that the schema does not name: {', '.join(columns)}")
    typer.echo(f"read {made.read} = valid {made.read - made.invalid} + invalid {made.invalid}")
    if made.exceeded:
        typer.echo(f"more than may be: --max-invalid is {made.allowed}")


def show_comparison(made: Comparison) -> None:
    """Prints the features by their drift, what changed, and what cannot be compared."""
    title = f"A: {made.a}, {made.records[0]:,} records\nB: {made.b}, {made.records[1]:,} records"
    columns = ["feature", "PSI", "JS", "L∞", "missing", "drift", "what changed"]
    print_table(columns, [_drift(feature) for feature in made.features], title)
    for name, reason in made.mismatches:
        typer.echo(f"{name}: cannot be compared: {reason}")
    for note in made.notes:
        typer.echo(note)
    limits = made.thresholds
    drifted = len({feature.feature for feature in made.features if feature.drifted})
    typer.echo(
        f"{drifted or 'no'} feature{'s' * (drifted != 1)} drifted "
        f"(PSI > {limits.psi:g}, JS > {limits.js:g} or L∞ > {limits.linf:g}, and more than by chance)"
        + (f"; {len(made.mismatches)} cannot be compared" if made.mismatches else "")
    )


def _drift(feature: FeatureDrift) -> list[str]:
    name = feature.feature if feature.part == "values" else f"{feature.feature} ({feature.part})"
    figures = ["" if value is None else f"{value:.3f}" for value in (feature.psi, feature.js, feature.linf)]
    missing = "" if feature.missing == (0.0, 0.0) else " → ".join(f"{share:.1%}" for share in feature.missing)
    verdict = "yes" if feature.drifted else "not judged" if not feature.judged else "no"
    return [name, *figures, missing, verdict, feature.told]
