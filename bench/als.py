"""The peer of `recommend`: implicit's ALS on the same histories, its settings chosen on validation.

Source: Hu, Koren, Volinsky 2008, https://doi.org/10.1109/ICDM.2008.22
"""

import itertools
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from apps.recommend.evaluation import judge
from apps.recommend.events import Events

__all__ = ["Fitted", "Settings", "fit", "matrix", "tuned"]

Histories = Sequence[NDArray[np.int32]]

FACTORS = (64, 128)
REGULARIZATION = (3.0, 10.0, 30.0, 100.0)
ALPHA = (1.0, 10.0)
DECAYS = (1.0, 0.9, 0.8)
"""Weight of an event of the asking history relative to the next one; 1 is ALS as it comes."""
_ITERATIONS = 15


@dataclass(frozen=True)
class Settings:
    """What validation chooses."""

    factors: int
    regularization: float
    alpha: float
    decay: float = 1.0


@dataclass(frozen=True)
class Fitted:
    """A fitted model; items stand at index - 1."""

    model: Any
    settings: Settings

    def score(self, histories: Histories) -> NDArray[np.float32]:
        """Scores of all items from histories alone, as `judge` asks for them: `[histories, items + 1]`."""
        asked = matrix(histories, len(self.model.item_factors), self.settings.decay)
        users = self.model.recalculate_user(np.arange(len(histories)), asked)
        scores = np.zeros((len(histories), asked.shape[1] + 1), np.float32)
        scores[:, 1:] = users @ self.model.item_factors.T
        return scores


def matrix(histories: Histories, items: int, decay: float = 1.0) -> sp.csr_matrix:
    """Confidences `[histories, items]`: 1 for the last event, `decay` times the next for each earlier one."""
    lengths = [len(history) for history in histories]
    ages = np.concatenate([np.arange(length - 1, -1, -1) for length in lengths])
    rows, columns = np.repeat(np.arange(len(lengths)), lengths), np.concatenate(histories) - 1
    return sp.csr_matrix(((decay**ages).astype(np.float32), (rows, columns)), (len(lengths), items))


def fit(histories: Histories, items: int, settings: Settings, seed: int = 0) -> Fitted:
    """Fits on histories, row by row a user, with as many threads as the machine has."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from implicit.cpu.als import AlternatingLeastSquares

        model = AlternatingLeastSquares(
            factors=settings.factors,
            regularization=settings.regularization,
            alpha=settings.alpha,
            iterations=_ITERATIONS,
            random_state=seed,
        )
        model.fit(matrix(histories, items), show_progress=False)
    return Fitted(model, settings)


def tuned(events: Events, cold_below: int, decays: Sequence[float] = (1.0,)) -> Fitted:
    """The settings with the best NDCG@10 on validation, fitted on all that is known before the test."""
    items, held_out = len(events.items), events.held_out("validation")
    known = events.known("validation")
    figures: dict[Settings, float] = {}
    for factors, regularization, alpha in itertools.product(FACTORS, REGULARIZATION, ALPHA):
        fitted = fit(known, items, Settings(factors, regularization, alpha))
        for decay in decays:
            settings = Settings(factors, regularization, alpha, decay)
            figures[settings] = judge(Fitted(fitted.model, settings).score, held_out, cold_below)["ndcg_at_10"]
    best = max(figures, key=lambda settings: figures[settings])
    return fit(events.known("test"), items, best)
