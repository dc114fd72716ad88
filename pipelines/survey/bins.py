"""Counts of two sets of values over the same bins: ranges of numbers, or terms."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.sketches import Moments, Terms

__all__ = ["Bins", "of_numbers", "of_terms"]

_BINS = 10
_MOST_TERMS = 256
_NAMED = 3


@dataclass(frozen=True)
class Bins:
    """Names of the bins, the counts of both sides in each, and what changed in words."""

    names: tuple[str, ...]
    a: NDArray[np.float64]
    b: NDArray[np.float64]
    told: str = ""


def of_numbers(a: Moments, b: Moments, show: Callable[[float], str]) -> Bins:
    """Tenths of A; a number that makes a tenth of A by itself has a bin of its own, so that none hides in another's."""
    edges = sorted(set(a.quantiles.of([place / _BINS for place in range(1, _BINS)])))
    masses = np.subtract(a.quantiles.below(edges), a.quantiles.below(edges, strict=True))
    names, cuts = [], []
    before = ""
    for edge, single in zip(edges, masses >= 1 / _BINS, strict=True):
        if single:
            names += [f"{before}< {show(edge)}", f"= {show(edge)}"]
            cuts += [(edge, True), (edge, False)]
        else:
            names.append(f"{before}≤ {show(edge)}")
            cuts.append((edge, False))
        before = f"> {show(edge)} "
    names.append(before.strip())
    counts = [_between(side, cuts) for side in (a, b)]
    used = (counts[0] + counts[1]) > 0
    medians = [show(side.quantiles.of([0.5])[0]) for side in (a, b)]
    told = f"median {medians[0]} → {medians[1]}" if medians[0] != medians[1] else ""
    kept = tuple(name for name, there in zip(names, used, strict=True) if there)
    return Bins(kept, counts[0][used], counts[1][used], told)


def _between(side: Moments, cuts: list[tuple[float, bool]]) -> NDArray[np.float64]:
    reached = [side.quantiles.below([edge], strict=strict)[0] for edge, strict in cuts]
    counts: NDArray[np.float64] = np.diff([0.0, *reached, 1.0]) * side.count
    return counts


def of_terms(a: Terms, b: Terms) -> Bins:
    """A bin a term; of very many, the most frequent of A have one, the others of A share one, and new ones another."""
    table = _joined(a, b)
    counts = [table.column(name).to_numpy().astype(np.float64) for name in ("a", "b")]
    names = table.column("term").cast(pa.string())
    told = _told(names, *counts)
    if table.num_rows > _MOST_TERMS:
        kept = _MOST_TERMS - 2
        new = counts[0] == 0
        rest = [[side[kept:][~new[kept:]].sum(), side[new].sum()] for side in counts]
        first = [side[:kept] for side in counts]
        counts = [np.append(side, ends) for side, ends in zip(first, rest, strict=True)]
        names = pa.chunked_array([names.slice(0, kept).combine_chunks(), pa.array(["other terms", "new terms"])])
    used = (counts[0] + counts[1]) > 0
    kept_names = names.combine_chunks().filter(pa.array(used)).to_pylist()
    return Bins(tuple(kept_names), counts[0][used], counts[1][used], told)


def _joined(a: Terms, b: Terms) -> pa.Table:
    """Every term with both its counts: A's most frequent first, then those of B alone."""
    none = [pa.array(np.zeros(len(side), np.int64)) for side in (a, b)]
    parts = [
        pa.table({"term": a.table().column("term"), "a": a.table().column("count"), "b": none[0]}),
        pa.table({"term": b.table().column("term"), "a": none[1], "b": b.table().column("count")}),
    ]
    summed = pa.concat_tables(parts).group_by("term", use_threads=False).aggregate([("a", "sum"), ("b", "sum")])
    summed = summed.rename_columns(["term", "a", "b"])
    return summed.sort_by([("a", "descending"), ("b", "descending"), ("term", "ascending")])


def _told(names: pa.ChunkedArray, a: NDArray[np.float64], b: NDArray[np.float64]) -> str:
    """New and vanished terms with their share, or else the term whose share moved most."""
    p, q = a / a.sum(), b / b.sum()
    told = []
    for word, mask, shares in (("new", a == 0, q), ("gone", b == 0, p)):
        if mask.any():
            order = np.flatnonzero(mask)[np.argsort(-shares[mask], kind="stable")][:_NAMED]
            named = ", ".join(_short(names[int(place)].as_py()) for place in order)
            more = f" and {mask.sum() - _NAMED} more" if mask.sum() > _NAMED else ""
            told.append(f"{word} {shares[mask].sum():.1%}: {named}{more}")
    if not told and (p != q).any():
        place = int(np.argmax(np.abs(p - q)))
        told.append(f"{_short(names[place].as_py())} {p[place]:.1%} → {q[place]:.1%}")
    return "; ".join(told)


def _short(term: str) -> str:
    return term if len(term) <= 24 else term[:23] + "…"
