"""The baselines of retrieval: popularity, item kNN and EASE, with and without recency, tuned on validation."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from apps.recommend.evaluation import Scorer, judge
from apps.recommend.events import Events

__all__ = ["BASELINES", "Ease", "ItemKNN", "Popularity", "fitted_baselines", "tuned_baselines"]

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
    """Cosine neighbours of the items in the history.

    Source: Sarwar et al. 2001, https://doi.org/10.1145/371920.372071
    """

    neighbours: int = 200
    shrink: float = 0.0
    """Added to the denominator, against chance neighbours."""

    def weights(self, histories: Histories, items: int) -> NDArray[np.float32]:
        """Similarity of each item (column) to its nearest (rows, as they stand in histories), `[items + 1, items + 1]`."""
        matrix = _matrix(histories, items, 1.0)
        together = (matrix.T @ matrix).toarray()
        norm = np.sqrt(np.maximum(np.diag(together), 1))
        similar = together / (np.outer(norm, norm) + self.shrink)
        np.fill_diagonal(similar, 0)
        if self.neighbours < items:
            least = np.partition(similar, -self.neighbours, axis=0)[-self.neighbours]
            similar = np.where(similar >= least, similar, 0)
        return similar.astype(np.float32)


@dataclass(frozen=True)
class Ease:
    """A linear model from all items of the history to each item, in closed form.

    Source: Steck 2019, https://arxiv.org/abs/1905.03375
    """

    l2: float = 300.0

    def weights(self, histories: Histories, items: int) -> NDArray[np.float32]:
        """Weight of an item in the history (row) for each item (column), `[items + 1, items + 1]`."""
        matrix = _matrix(histories, items, 1.0)
        gram = (matrix.T @ matrix).toarray().astype(np.float64)
        gram[np.diag_indices_from(gram)] += self.l2
        inverse = np.linalg.inv(gram)
        weights = -inverse / np.diag(inverse)
        np.fill_diagonal(weights, 0)
        return weights.astype(np.float32)


BASELINES: dict[str, tuple[tuple[ItemKNN | Ease, ...], tuple[float, ...]]] = {
    "item_knn": ((ItemKNN(200, 0.0), ItemKNN(200, 10.0)), (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)),
    "ease": (tuple(Ease(l2) for l2 in (200.0, 300.0, 500.0, 1000.0)), (1.0,)),
    "ease_recency": ((Ease(300.0), Ease(1000.0)), (0.6, 0.7, 0.8)),
}
"""The models and decays that validation chooses from, by the system's name.

A decay is the weight of an event in the history relative to the one after it; 1 forgets the order.
"""


def tuned_baselines(
    events: Events, split: str, cold_below: int, report: Callable[[str], None] = lambda line: None
) -> dict[str, dict[str, float]]:
    """Metrics of each baseline on a split, fitted on all that is known before it, its settings chosen on validation."""
    held_out = events.held_out(split)
    return {
        name: judge(scorer, held_out, cold_below)
        for name, scorer in fitted_baselines(events, split, cold_below, report)
    }


def fitted_baselines(
    events: Events, split: str, cold_below: int, report: Callable[[str], None] = lambda line: None
) -> Iterable[tuple[str, Scorer]]:
    """Each baseline with the settings that validation chose, fitted on all that is known before a split."""
    items = len(events.items)
    known = [history for history in events.known(split) if len(history)]
    yield "popularity", Popularity().fit(known, items)
    for name, (models, decays) in BASELINES.items():
        if items > _LARGEST_CATALOGUE:
            report(f"{name}: left out, its {items} x {items} matrix is too large (at most {_LARGEST_CATALOGUE} items)")
            continue
        model, decay = _choose(models, decays, events, cold_below)
        yield name, _linear(model.weights(known, items), items, decay)


def _choose(
    models: Sequence[ItemKNN | Ease], decays: Sequence[float], events: Events, cold_below: int
) -> tuple[ItemKNN | Ease, float]:
    held_out = events.held_out("validation")
    known = [history for history in events.known("validation") if len(history)]
    figures = {}
    for model in models:
        weights = model.weights(known, len(events.items))
        for decay in decays:
            scorer = _linear(weights, len(events.items), decay)
            figures[model, decay] = judge(scorer, held_out, cold_below)["ndcg_at_10"]
    return max(figures, key=lambda setting: figures[setting])


def _linear(weights: NDArray[np.float32], items: int, decay: float) -> Scorer:
    return lambda asked: np.asarray(_matrix(asked, items, decay) @ weights, np.float32)


def _matrix(histories: Histories, items: int, decay: float) -> sp.csr_matrix:
    """Histories as rows, `[histories, items + 1]`; the last event weighs 1, each earlier one `decay` times the next."""
    lengths = [len(history) for history in histories]
    rows = np.repeat(np.arange(len(histories)), lengths)
    columns = np.concatenate(histories) if histories else np.zeros(0, np.int32)
    ages = np.concatenate([np.arange(n - 1, -1, -1) for n in lengths]) if lengths else columns
    return sp.csr_matrix(((decay**ages).astype(np.float32), (rows, columns)), (len(histories), items + 1))
