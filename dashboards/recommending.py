"""What each system recommends to one history: the lite file as it is deployed, beside the baselines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from apps.recommend.baselines import fitted_baselines
from apps.recommend.evaluation import Scorer, without_seen
from apps.recommend.events import Events
from gristmill.data.dataset import Dataset
from gristmill.errors import InputError, IntegrityError
from gristmill.lite import LiteModel
from gristmill.runs import Run

__all__ = [
    "Baselines",
    "Catalogue",
    "Recommendation",
    "lite_files",
    "recommend",
    "recommend_baselines",
]

_SIGNATURE = "recommend"
_TASK = "retrieval"


@dataclass(frozen=True)
class Recommendation:
    """One item of a list: its index (from 1), its title and the score that its system gives."""

    item: int
    title: str
    score: float


@dataclass(frozen=True)
class Catalogue:
    """Ids and titles of the items; index i (from 1) stands at i - 1."""

    items: tuple[str, ...]
    titles: tuple[str, ...]

    @classmethod
    def of(cls, lite: LiteModel) -> Self:
        """The catalogue that travels in a lite file.

        Raises:
            IntegrityError: The file has no items, or not as many titles.
        """
        items, titles = (
            tuple(lite.assets.get(name, b"").decode().splitlines()) for name in ("items.txt", "titles.txt")
        )
        if not items or len(items) != len(titles):
            raise IntegrityError(
                f"{lite.path.name} must hold a title for each item. Received: {len(items)} items, {len(titles)} titles"
            )
        return cls(items, titles)

    def title(self, item: int) -> str:
        """Title of an index."""
        return self.titles[item - 1]


@dataclass(frozen=True)
class Baselines:
    """The events of a run's dataset, and the baselines fitted on what was known before the test."""

    events: Events
    scorers: Mapping[str, Scorer]

    @classmethod
    def fit(cls, dataset: Dataset, cold_below: int) -> Self:
        """Fits all baselines, with the settings that validation chooses."""
        events = Events.load(dataset)
        return cls(events, dict(fitted_baselines(events, "test", cold_below)))


def lite_files(run: Run) -> list[str]:
    """The run's lite files that recommend, the most exact format first."""
    found = [name for name in run.files if name.startswith(f"lite/{_TASK}-") and name.endswith(".tflite")]
    order = ("f32", "f16", "dynamic")
    return sorted(found, key=lambda name: [part in name for part in order], reverse=True)


def recommend(lite: LiteModel, catalogue: Catalogue, history: Sequence[int], count: int) -> list[Recommendation]:
    """The best `count` items of a lite file; of a history that is too long, the last events count.

    Raises:
        InputError: The file has no signature `recommend`.
        WorkError: The file cannot be run.
    """
    if _SIGNATURE not in lite.signatures:
        raise InputError(
            f"{lite.path.name} must have the signature {_SIGNATURE!r}. Received: {', '.join(lite.signatures)}"
        )
    length = lite.signatures[_SIGNATURE].inputs["history"].shape[1]
    padded = np.zeros((1, length), np.int32)
    last = list(history)[-length:]
    padded[0, length - len(last) :] = last
    made = lite(_SIGNATURE, history=padded)
    pairs = zip(made["items"][0].tolist(), made["scores"][0].tolist(), strict=True)
    unseen = [(item, score) for item, score in pairs if item and item not in set(history)]
    return [Recommendation(item, catalogue.title(item), score) for item, score in unseen[:count]]


def recommend_baselines(
    scorers: Mapping[str, Scorer], catalogue: Catalogue, history: Sequence[int], count: int
) -> dict[str, list[Recommendation]]:
    """The best `count` unseen items of each baseline; equal scores in the order of the catalogue."""
    asked = [np.array(history, np.int32)]
    made = {}
    for name, scorer in scorers.items():
        scores = without_seen(scorer(asked), asked)[0]
        best = [int(item) for item in np.argsort(-scores, kind="stable")[:count] if np.isfinite(scores[item])]
        made[name] = [Recommendation(item, catalogue.title(item), float(scores[item])) for item in best]
    return made
