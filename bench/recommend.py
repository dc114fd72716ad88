"""Recommendations per second and their quality: our lite files and the Keras model against implicit's ALS, on the same data."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from apps.recommend import retrieval
from apps.recommend.evaluation import without_seen
from apps.recommend.events import Events
from bench import als
from bench.inputs import Inputs
from bench.tables import note, show
from gristmill.app import Outputs, Work
from gristmill.lite import FORMATS, LiteModel
from gristmill.workflow.opened import OpenedRun, load_model

__all__ = ["System", "als_systems", "measure", "our_systems", "run"]

_SPLIT = "test"
_ROUNDS = 3
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


def run(inputs: Inputs) -> None:
    """Prints one table."""
    from threadpoolctl import threadpool_limits

    opened = inputs.run
    work = opened.work
    users = len(Events.load(work.dataset).held_out(_SPLIT).targets)
    ours = our_systems(opened)
    with threadpool_limits(1, "blas"):
        systems = ours + als_systems(work)
        rows = measure(systems, users, work)
    title = f"recommendations, {users} users, top {work.config.retrieval.top}, run {opened.run.config['preset']}"
    show(title, ["system", "threads", "one user a call, users/s", "times ALS", "all in one call, users/s", "NDCG@10"], rows)
    note("times ALS: against the first row that folds the history in, as a user whom training has not seen needs it")


def our_systems(opened: OpenedRun) -> list[System]:
    """The run's lite files, and the float model that they were made from."""
    made = []
    requests = retrieval.requests(opened.work, _SPLIT)
    for threads in _THREADS:
        for name in FORMATS:
            if f"lite/retrieval-{name}.tflite" in opened.run.files:
                lite = LiteModel(opened.run.file(f"lite/retrieval-{name}.tflite"), threads)
                made.append(System(f"lite {name}", f"{threads}", lambda user, lite=lite: lite(None, **requests[user])))
    return [*made, _keras_system(opened, requests)]


def _keras_system(opened: OpenedRun, requests: Sequence[dict[str, Any]]) -> System:
    work = opened.work
    model = load_model(opened, opened.app.task("retrieval"))
    function = tf.function(retrieval.signature(model, work).function)
    score = retrieval.scorer(model)
    histories = Events.load(work.dataset).held_out(_SPLIT).histories
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
    held_out = Events.load(work.dataset).held_out(_SPLIT)
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


def measure(systems: Sequence[System], users: int, work: Work, rounds: int = _ROUNDS) -> list[list[str]]:
    """A row a system: users per second, the median of the rounds, and NDCG@10 of what it recommended."""
    single: list[list[float]] = [[] for _ in systems]
    batched: list[list[float]] = [[] for _ in systems]
    quality = [retrieval.score([s.one(user) for user in range(users)], work, _SPLIT)["ndcg_at_10"] for s in systems]
    for _ in range(rounds):
        for place, system in enumerate(systems):
            single[place].append(_rate(lambda system=system: [system.one(user) for user in range(users)], users))
            if system.together is not None:
                batched[place].append(_rate(system.together, users))
    reference = next((place for place, system in enumerate(systems) if "folded in" in system.name), 0)
    base = statistics.median(single[reference])
    return [
        [
            system.name,
            system.threads,
            f"{statistics.median(single[place]):,.0f}",
            f"{statistics.median(single[place]) / base:.2f}",
            f"{statistics.median(batched[place]):,.0f}" if batched[place] else "",
            f"{quality[place]:.4f}",
        ]
        for place, system in enumerate(systems)
    ]


def _rate(call: Callable[[], Any], users: int) -> float:
    start = time.perf_counter()
    call()
    return users / (time.perf_counter() - start)
