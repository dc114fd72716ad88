"""The baselines of retrieval: popularity, item kNN and EASE, with and without recency, tuned on validation."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from apps.recommend.evaluation import Scorer, judge
from apps.recommend.events import Events

__all__ = ["BASELINES", "Ease", "ItemKNN", "Popularity", "tuned_baselines"]

Histories = Sequence[NDArray[np.int32]]
_LARGEST_CATALOGUE = 10_000
"""Items up to which a dense item-by-item matrix is made."""


@dataclass(frozen=True)
class Popularity:
    """How often each item occurs."""

    def fit(self, histories: Histories, items: int) -> Scorer:
        """Counts; everyone gets the same scores."""
        counts = np.bincount(np.concatenate(histories), minlength=items + 1).astype(np.float32)
        return lambda asked: np.tile(counts, (len(asked), 1))


@dataclass(frozen=True)
class ItemKNN:
    """Cosine neighbours of the items in the history, later ones counting more.

    Source: Sarwar et al. 2001, https://doi.org/10.1145/371920.372071
    """

    neighbours: int = 200
    shrink: float = 0.0
    """Added to the denominator, against chance neighbours."""
    decay: float = 0.6
    """Weight of an event relative to the one after it."""

    def fit(self, histories: Histories, items: int) -> Scorer:
        """Computes the similarity of all items and keeps each one's nearest."""
        matrix = _matrix(histories, items, 1.0)
        together = (matrix.T @ matrix).toarray()
        norm = np.sqrt(np.maximum(np.diag(together), 1))
        similar = together / (np.outer(norm, norm) + self.shrink)
        np.fill_diagonal(similar, 0)
        if self.neighbours < items:
            least = np.partition(similar, -self.neighbours, axis=0)[-self.neighbours]
            similar = np.where(similar >= least, similar, 0)
        return _linear(similar.astype(np.float32), items, self.decay)


@dataclass(frozen=True)
class Ease:
    """A linear model from all items of the history to each item, in closed form.

    Source: Steck 2019, https://arxiv.org/abs/1905.03375
    """

    l2: float = 300.0
    decay: float = 1.0
    """Weight of an event relative to the one after it; 1 is EASE as published."""

    def fit(self, histories: Histories, items: int) -> Scorer:
        """Inverts the regularised Gram matrix."""
        matrix = _matrix(histories, items, 1.0)
        gram = (matrix.T @ matrix).toarray().astype(np.float64)
        gram[np.diag_indices_from(gram)] += self.l2
        inverse = np.linalg.inv(gram)
        weights = -inverse / np.diag(inverse)
        np.fill_diagonal(weights, 0)
        return _linear(weights.astype(np.float32), items, self.decay)


BASELINES: dict[str, tuple[Any, ...]] = {
    "popularity": (Popularity(),),
    "item_knn": tuple(ItemKNN(200, s, d) for s, d in product((0.0, 10.0), (0.5, 0.6, 0.7, 0.8, 0.9, 1.0))),
    "ease": tuple(Ease(l2, 1.0) for l2 in (200.0, 300.0, 500.0, 1000.0)),
    "ease_recency": tuple(Ease(l2, d) for l2, d in product((300.0, 1000.0), (0.6, 0.7, 0.8))),
}
"""The settings that validation chooses from, by the system's name."""


def tuned_baselines(
    events: Events, split: str, cold_below: int, report: Callable[[str], None] = lambda line: None
) -> dict[str, dict[str, float]]:
    """Metrics of each baseline on a split, fitted on all that is known before it, its settings chosen on validation."""
    made = {}
    for name, scorer in fitted_baselines(events, split, cold_below, report):
        made[name] = judge(scorer, events.held_out(split), cold_below)
    return made


def fitted_baselines(
    events: Events, split: str, cold_below: int, report: Callable[[str], None] = lambda line: None
) -> Iterable[tuple[str, Scorer]]:
    """Each baseline with the settings that validation chose, fitted on all that is known before a split."""
    items = len(events.items)
    for name, candidates in BASELINES.items():
        if items > _LARGEST_CATALOGUE and name != "popularity":
            report(f"{name}: left out, its {items} x {items} matrix is too large (at most {_LARGEST_CATALOGUE} items)")
            continue
        chosen = _choose(candidates, events, cold_below)
        known = [history for history in events.known(split) if len(history)]
        yield name, chosen.fit(known, items)


def _choose(candidates: tuple[Any, ...], events: Events, cold_below: int) -> Any:
    held_out = events.held_out("validation")
    if len(candidates) == 1 or not len(held_out.users):
        return candidates[0]
    known = [history for history in events.known("validation") if len(history)]
    figures = [
        judge(candidate.fit(known, len(events.items)), held_out, cold_below)["ndcg_at_10"] for candidate in candidates
    ]
    return candidates[int(np.argmax(figures))]


def _linear(weights: NDArray[np.float32], items: int, decay: float) -> Scorer:
    return lambda asked: np.asarray(_matrix(asked, items, decay) @ weights, np.float32)


def _matrix(histories: Histories, items: int, decay: float) -> sp.csr_matrix:
    """Histories as rows, `[histories, items + 1]`; the last event weighs 1, each earlier one `decay` times the next."""
    lengths = [len(history) for history in histories]
    rows = np.repeat(np.arange(len(histories)), lengths)
    columns = np.concatenate(histories) if histories else np.zeros(0, np.int32)
    weights = np.concatenate([decay ** np.arange(n - 1, -1, -1, dtype=np.float32) for n in lengths] or [columns])
    return sp.csr_matrix((weights.astype(np.float32), (rows, columns)), (len(histories), items + 1))
