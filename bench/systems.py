"""The recommenders that `recommend` measures, each asked in the same two ways: lite files, the Keras model, and ALS."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from apps.recommend import retrieval
from apps.recommend.evaluation import without_seen
from apps.recommend.events import Events
from bench import als
from bench.tables import note
from gristmill.app import Outputs, Work
from gristmill.lite import FORMATS, LiteModel
from gristmill.workflow.opened import OpenedRun, load_model

__all__ = ["SPLIT", "System", "als_systems", "our_systems"]

SPLIT = "test"
_THREADS = (1, 2)


@dataclass(frozen=True)
class System:
    """A recommender under measurement; users are counted from 0 in the order of the held-out ones."""

    name: str
    threads: str
    one: Callable[[int], Outputs]
    """The best items and their scores for one user, `[1, top]` each."""
    together: Callable[[], Outputs] | None = None
    """The same for all users in one call, `[users, top]` each."""


def our_systems(opened: OpenedRun) -> list[System]:
    """The run's lite files, and the float model that they were made from."""
    made = []
    requests = retrieval.requests(opened.work, SPLIT)
    for threads in _THREADS:
        for name in FORMATS:
            if f"lite/retrieval-{name}.tflite" in opened.run.files:
                lite = LiteModel(opened.run.file(f"lite/retrieval-{name}.tflite"), threads)
                made.append(System(f"lite {name}", f"{threads}", partial(_ask_lite, lite, requests)))
    return [*made, _keras_system(opened, requests)]


def _ask_lite(lite: LiteModel, requests: Sequence[Mapping[str, Any]], user: int) -> Outputs:
    return lite(None, **requests[user])


def _keras_system(opened: OpenedRun, requests: Sequence[Mapping[str, Any]]) -> System:
    work = opened.work
    model = load_model(opened, opened.app.task("retrieval"))
    function = tf.function(retrieval.signature(model, work).function)
    score = retrieval.scorer(model)
    histories = Events.load(work.dataset).held_out(SPLIT).histories
    top = min(work.config.retrieval.top, model.items)

    def one(user: int) -> Outputs:
        made = function(tf.constant(requests[user]["history"]))
        return {name: value.numpy() for name, value in made.items()}

    def together() -> Outputs:
        scores = without_seen(score(histories), histories)
        best = np.argpartition(-scores, top - 1, axis=1)[:, :top]
        values = np.take_along_axis(scores, best, axis=1)
        order = np.argsort(-values, axis=1)
        return {"items": np.take_along_axis(best, order, axis=1), "scores": np.take_along_axis(values, order, axis=1)}

    return System("Keras float model", "TensorFlow's", one, together)


def als_systems(work: Work) -> list[System]:
    """ALS with the user's factors looked up, with the history folded in, and the latter with recency weights."""
    events = Events.load(work.dataset)
    plain = als.tuned(events, work.config.cold_below)
    recent = als.tuned(events, work.config.cold_below, als.DECAYS)
    for fitted in (plain, recent):
        note(f"ALS chosen on validation: {fitted.settings}")
    return [
        _als_system(name, fitted, work, threads, fold_in)
        for threads in _THREADS
        for name, fitted, fold_in in (
            ("ALS, history folded in", plain, True),
            ("ALS, factors looked up", plain, False),
            ("ALS, folded in with recency", recent, True),
        )
    ]


def _als_system(name: str, fitted: als.Fitted, work: Work, threads: int, fold_in: bool) -> System:
    held_out = Events.load(work.dataset).held_out(SPLIT)
    model, items = fitted.model, len(fitted.model.item_factors)
    seen = als.matrix(held_out.histories, items, fitted.settings.decay)
    rows = [seen[user] for user in range(seen.shape[0])]
    top = min(work.config.retrieval.top, items)

    def ask(users: Any, histories: Any) -> Outputs:
        model.num_threads = threads
        ids, scores = model.recommend(users, histories, N=top, recalculate_user=fold_in)
        return {"items": np.atleast_2d(ids) + 1, "scores": np.atleast_2d(scores)}

    return System(
        name,
        f"{threads}",
        lambda user: ask(int(held_out.users[user]), rows[user]),
        lambda: ask(held_out.users, seen),
    )
