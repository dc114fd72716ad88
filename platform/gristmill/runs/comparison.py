"""Sets two runs side by side: every metric with its difference, and where the configurations differ."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gristmill.runs.record import Run
from gristmill.runs.tables import in_order


@dataclass(frozen=True)
class MetricRow:
    """One metric in both runs; `difference` is b - a, and None where either run lacks the metric."""

    split: str
    system: str
    metric: str
    a: float | None
    b: float | None
    difference: float | None


@dataclass(frozen=True)
class ConfigRow:
    """One setting, named by its dotted key, that differs; None where a run does not have it."""

    key: str
    a: Any
    b: Any


@dataclass(frozen=True)
class Comparison:
    """Two runs side by side.

    Attributes:
        a: Name of the first run.
        b: Name of the second run.
        same_data: Whether both saw the same dataset; if not, the metrics do not compare. None if unknown.
        metrics: Rows in the order of run a: splits, then systems (ours first), then metrics.
        config: The settings that differ, in the order of run a.
    """

    a: str
    b: str
    same_data: bool | None
    metrics: tuple[MetricRow, ...]
    config: tuple[ConfigRow, ...]


def compare(run_a: Run, run_b: Run) -> Comparison:
    """Compares two runs; what only one of them has is listed too."""
    left, right = flatten(run_a.config), flatten(run_b.config)
    changed = [key for key in _union(left, right) if left.get(key) != right.get(key)]
    return Comparison(
        a=run_a.name,
        b=run_b.name,
        same_data=_same_data(run_a, run_b),
        metrics=tuple(_metric_rows(run_a.metrics, run_b.metrics)),
        config=tuple(ConfigRow(key, left.get(key), right.get(key)) for key in changed),
    )


def _metric_rows(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterable[MetricRow]:
    for split in _union(a, b):
        left, right = a.get(split, {}), b.get(split, {})
        for system in in_order(_union(left, right)):
            ours, theirs = left.get(system, {}), right.get(system, {})
            for metric in _union(ours, theirs):
                x, y = ours.get(metric), theirs.get(metric)
                yield MetricRow(split, system, metric, x, y, None if x is None or y is None else y - x)


def _same_data(run_a: Run, run_b: Run) -> bool | None:
    hashes = [(run.lineage.get("dataset") or {}).get("manifest_sha256") for run in (run_a, run_b)]
    return None if None in hashes else hashes[0] == hashes[1]


def flatten(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Returns nested settings as {dotted key: value}; lists stay whole, and so do empty mappings."""
    flat: dict[str, Any] = {}
    for name, value in config.items():
        if isinstance(value, Mapping) and value:
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _union(a: Iterable[str], b: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*a, *b]))
