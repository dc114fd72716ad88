"""Quality and wall time of `gristmill run recommend` over seeds, beside its baselines, LightGBM, and figures reported before."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench import boosting
from bench.inputs import Inputs
from bench.tables import mean_and_deviation, note, show
from gristmill.errors import WorkError

__all__ = ["REPORTED", "TO_SHOW", "one_run", "rows", "run"]

RETRIEVAL = ("ndcg_at_10", "recall_at_10")
RANKING = ("auc", "logloss")
REPORTED: dict[tuple[str, ...], dict[str, tuple[float, ...]]] = {
    RETRIEVAL: {
        "popularity": (0.0250, 0.0498),
        "two-tower tutorial of TensorFlow Recommenders": (0.0349, 0.0764),
        "ItemKNN": (0.0379, 0.0785),
        "EASE": (0.0409, 0.0870),
        "SASRec of width 64": (0.0649, 0.1220),
    },
    RANKING: {"LightGBM": (0.7883, 0.5554), "logistic regression, one-hot": (0.7857, 0.5588)},
}
"""Measured before this project began, on the same protocol; printed for orientation, not measured here."""
TO_SHOW: dict[tuple[str, ...], tuple[float, ...]] = {RETRIEVAL: (0.060,), RANKING: (0.788,)}
"""The figures that we set out to show, of the first metric."""


def run(inputs: Inputs) -> None:
    """Prints a table for retrieval and one for ranking."""
    results = [one_run(inputs, seed) for seed in inputs.seeds]
    seconds = [result["seconds"] for result in results]
    metrics = [result["metrics"]["test"] for result in results]
    measured, settings = boosting.measure(inputs.work)
    named = f"seeds {', '.join(map(str, inputs.seeds))}, preset {inputs.preset}"
    show(f"retrieval on the test split, {named}", ["system", *RETRIEVAL, "from"], rows(metrics, RETRIEVAL))
    peers = {"LightGBM": measured}
    show(f"ranking on the test split, {named}", ["system", *RANKING, "from"], rows(metrics, RANKING, peers))
    note(f"LightGBM chosen on validation: {settings}")
    note(f"wall seconds of the whole command, fetch to lite files: {mean_and_deviation(seconds, '.0f')}")


def one_run(inputs: Inputs, seed: int) -> dict[str, Any]:
    """The object that the command prints, with the wall `seconds` that it took.

    Raises:
        WorkError: The command failed; the message has the end of what it said.
    """
    program, place = Path(sys.executable).with_name("gristmill"), inputs.folder / f"seed-{seed}"
    command = [str(program), "run", "recommend", "--seed", str(seed), "--preset", inputs.preset, "--json"]
    command += ["--dataset", str(place / "dataset"), "--out", str(place / "run")]
    place.mkdir(parents=True)
    start = time.perf_counter()
    with inputs.progress.task(f"gristmill run recommend --seed {seed}"):
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise WorkError(f"gristmill run recommend --seed {seed} ended with {done.returncode}: {done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result | {"seconds": time.perf_counter() - start}


def rows(
    metrics: Sequence[Mapping[str, Mapping[str, float]]],
    names: tuple[str, ...],
    peers: Mapping[str, Mapping[str, float]] | None = None,
) -> list[list[str]]:
    """Ours and every baseline over the seeds, then peers, then what was reported before."""
    made = []
    for system in metrics[0]:
        if names[0] in metrics[0][system]:
            figures = [mean_and_deviation([seed[system][name] for seed in metrics]) for name in names]
            made.append([system, *figures, f"measured, seeds: {len(metrics)}"])
    for peer, values in (peers or {}).items():
        made.append([peer, *(f"{values[name]:.4f}" for name in names), "measured, once"])
    others = [(peer, figures, "reported before") for peer, figures in REPORTED[names].items()]
    for peer, known, origin in [*others, ("to show, at least", TO_SHOW[names], "goal")]:
        made.append([peer, *(f"{value:.4f}" for value in known), *[""] * (len(names) - len(known)), origin])
    return made
