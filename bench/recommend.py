"""Recommendations per second and their quality: our lite files and the Keras model against implicit's ALS, on the same data."""

import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from apps.recommend import retrieval
from apps.recommend.events import Events
from bench.inputs import Inputs
from bench.systems import SPLIT, System, als_systems, our_systems
from bench.tables import note, show
from gristmill.app import Outputs, Work

__all__ = ["measure", "run"]

_ROUNDS = 3


def run(inputs: Inputs) -> None:
    """Prints one table."""
    from threadpoolctl import threadpool_limits

    opened = inputs.run
    work = opened.work
    users = len(Events.load(work.dataset).held_out(SPLIT).targets)
    ours = our_systems(opened)
    with threadpool_limits(1, "blas"):
        systems = ours + als_systems(work)
        rows = measure(systems, users, work)
    title = f"recommendations, {users} users, top {work.config.retrieval.top}, run {opened.run.config['preset']}"
    show(
        title,
        ["system", "threads", "one user a call, users/s", "times ALS", "all in one call, users/s", "NDCG@10"],
        rows,
    )
    note("times ALS: against the first row that folds the history in, as a user whom training has not seen needs it")


def measure(systems: Sequence[System], users: int, work: Work, rounds: int = _ROUNDS) -> list[list[str]]:
    """A row a system: users per second, the median of the rounds, and NDCG@10 of what it recommended."""
    single: list[list[float]] = [[] for _ in systems]
    batched: list[list[float]] = [[] for _ in systems]
    quality = [retrieval.score(_ask_each(s, users), work, SPLIT)["ndcg_at_10"] for s in systems]
    for _ in range(rounds):
        for place, system in enumerate(systems):
            single[place].append(_rate(partial(_ask_each, system, users), users))
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


def _ask_each(system: System, users: int) -> list[Outputs]:
    return [system.one(user) for user in range(users)]


def _rate(call: Callable[[], Any], users: int) -> float:
    start = time.perf_counter()
    call()
    return users / (time.perf_counter() - start)
