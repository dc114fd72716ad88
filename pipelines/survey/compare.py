"""Compares two sets of records feature by feature: how far their distributions are apart, and what changed."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from gristmill.data.dataset import Dataset
from gristmill.data.reports import Comparison, FeatureDrift, Thresholds
from gristmill.errors import InputError, unknown_name
from gristmill.progress import Progress
from gristmill.schema import Feature, Kind, Role
from pipelines.analyse import FeatureStatistics
from pipelines.survey.bins import Bins, of_numbers, of_terms
from pipelines.survey.distances import chance_linf, chance_psi, jensen_shannon, l_infinity, psi
from pipelines.survey.sides import Side, dataset_side, open_sides

__all__ = ["compare", "compare_sides", "compare_splits"]

_SHOWN_BINS = 20


def compare(
    a: str,
    b: str,
    *,
    thresholds: Thresholds | None = None,
    ids: bool = False,
    leave_out: Sequence[str] = (),
    progress: Progress | None = None,
) -> Comparison:
    """Compares two datasets, splits (`FOLDER:SPLIT`) or files.

    Args:
        a: The one to compare with.
        b: The one to compare.
        thresholds: From where on a difference is drift.
        ids: Whether ids and keys are judged as well.
        leave_out: Features that are not compared.
        progress: Where to tell how it goes.

    Raises:
        InputError: A side is not there or holds no records, or a feature to leave out is in neither.
    """
    return compare_sides(*open_sides(a, b, progress), thresholds, ids, leave_out)


def compare_splits(
    folder: str | Dataset,
    splits: Sequence[str],
    *,
    thresholds: Thresholds | None = None,
    ids: bool = False,
    leave_out: Sequence[str] = (),
) -> Comparison:
    """Compares two splits of one dataset, such as `("train", "test")`."""
    if len(splits) != 2:
        raise InputError(f"--splits must name two, such as train,test. Received: {','.join(splits)}")
    dataset = folder if isinstance(folder, Dataset) else Dataset.open(folder)
    first, second = (dataset_side(dataset, [split]) for split in splits)
    return compare_sides(first, second, thresholds, ids, leave_out)


def compare_sides(
    a: Side, b: Side, thresholds: Thresholds | None = None, ids: bool = False, leave_out: Sequence[str] = ()
) -> Comparison:
    """Compares what was counted of two sides."""
    for side in (a, b):
        if not side.records:
            raise InputError(f"{side.name}: at least one record is needed. Received: none")
    names = list(dict.fromkeys((*a.schema.names, *b.schema.names)))
    for name in leave_out:
        if name not in names:
            raise unknown_name("feature", name, names)
    limits = thresholds or Thresholds()
    features, mismatches = [], []
    for name in (name for name in names if name not in leave_out):
        reason = _mismatch(name, a, b)
        if reason:
            mismatches.append((name, reason))
        else:
            features += _feature(a.schema[name], a.statistics.features[name], b.statistics.features[name], limits, ids)
    features.sort(key=lambda feature: (not feature.drifted, not feature.judged, -(feature.psi or 0.0)))
    notes = tuple(side.note for side in (a, b) if side.note)
    records = (a.records, b.records)
    return Comparison(a.name, b.name, records, limits, tuple(features), tuple(mismatches), notes)


def _mismatch(name: str, a: Side, b: Side) -> str:
    """Why a feature of that name cannot be compared, or nothing."""
    for one, other in ((a, b), (b, a)):
        if name not in other.schema.names:
            return f"only in {one.name}"
    first, second = a.schema[name], b.schema[name]
    if _parts(a.statistics.features[name]) != _parts(b.statistics.features[name]) or first.nested != second.nested:
        return f"{first.kind} of {first.dtype} in {a.name}, {second.kind} of {second.dtype} in {b.name}"
    return ""


def _parts(statistics: FeatureStatistics) -> list[bool]:
    return [part is not None for part in (statistics.terms, statistics.codes, statistics.moments, statistics.length)]


def _feature(
    feature: Feature, a: FeatureStatistics, b: FeatureStatistics, limits: Thresholds, ids: bool
) -> list[FeatureDrift]:
    """A row for the values, and one for the lengths where a feature has them; a text has lengths only."""
    judged = ids or (feature.kind is not Kind.ID and feature.role is not Role.KEY)
    missing = (a.missing / max(a.count, 1), b.missing / max(b.count, 1))
    empty = " and ".join(name for name, side in (("A", a), ("B", b)) if side.count == side.missing)
    rows = []
    for part, bins in _bins(feature, a, b):
        row = FeatureDrift(feature.name, part, feature.kind, missing, judged=judged)
        told = f"no values in {empty}" if empty else "no elements"
        rows.append(replace(row, told=told) if bins is None else _measured(row, bins, limits))
    for first in rows[:1]:
        rows[0] = replace(first, reasons=(*_missing_reasons(missing, a.count, b.count, limits), *first.reasons))
    return rows


def _bins(feature: Feature, a: FeatureStatistics, b: FeatureStatistics) -> list[tuple[str, Bins | None]]:
    found: list[tuple[str, Bins | None]] = []
    terms = (a.terms, b.terms) if a.terms is not None else (a.codes, b.codes)
    if terms[0] is not None and terms[1] is not None:
        found.append(("values", of_terms(terms[0], terms[1]) if terms[0].total and terms[1].total else None))
    elif a.moments is not None and b.moments is not None:
        show = _date if feature.kind is Kind.TIME else _number
        found.append(
            ("values", of_numbers(a.moments, b.moments, show) if a.moments.count and b.moments.count else None)
        )
    if a.length is not None and b.length is not None:
        found.append(("length", of_numbers(a.length, b.length, _number) if a.length.count and b.length.count else None))
    return found


def _measured(row: FeatureDrift, bins: Bins, limits: Thresholds) -> FeatureDrift:
    """The row with its three distances, and which of them lie above their threshold and above what chance makes."""
    a, b = float(bins.a.sum()), float(bins.b.sum())
    largest = float((bins.a + bins.b).max()) / (a + b)
    by_chance = chance_psi(len(bins.names), a, b)
    js_by_chance = by_chance / 8 / math.log(2)  # of distributions that are near, it is an eighth of PSI, in bits
    found = [
        ("PSI", psi(bins.a, bins.b), limits.psi, by_chance),
        ("JS", jensen_shannon(bins.a, bins.b), limits.js, js_by_chance),
        ("L∞", l_infinity(bins.a, bins.b), limits.linf, chance_linf(min(largest, 0.5), a, b)),
    ]
    reasons = [
        f"{name} {figure:.3f} > {limit:g}" for name, figure, limit, chance in found if figure > max(limit, chance)
    ]
    figures = {name: figure for name, figure, _, _ in found}
    return replace(
        row, psi=figures["PSI"], js=figures["JS"], linf=figures["L∞"],
        reasons=tuple(reasons), told=bins.told, shares=_shares(bins),
    )  # fmt: skip


def _missing_reasons(missing: tuple[float, float], a: int, b: int, limits: Thresholds) -> list[str]:
    change = abs(missing[0] - missing[1])
    pooled = (missing[0] * a + missing[1] * b) / max(a + b, 1)
    if change > limits.linf and change > chance_linf(pooled, max(a, 1), max(b, 1)):
        return [f"missing {missing[0]:.1%} → {missing[1]:.1%}"]
    return []


def _shares(bins: Bins) -> tuple[tuple[str, float, float], ...]:
    p, q = bins.a / bins.a.sum(), bins.b / bins.b.sum()
    largest = np.argsort(-np.maximum(p, q), kind="stable")[:_SHOWN_BINS]
    places = np.sort(largest).tolist()
    return tuple((bins.names[place], float(p[place]), float(q[place])) for place in places)


def _number(value: float) -> str:
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:,.0f}"


def _date(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
    except (OverflowError, OSError, ValueError):
        return f"{seconds:,.0f} s"
