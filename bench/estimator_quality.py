"""Canned estimators with their defaults, beside tf.estimator 2.15 on the same data: mean and deviation over seeds."""

from bench.estimator_peer import measured, prepared
from bench.inputs import Inputs
from bench.tables import mean_and_deviation, note, show

__all__ = ["run"]


def run(inputs: Inputs) -> None:
    """Prints each metric of each model."""
    data = prepared(inputs.folder)
    ours, theirs = (measured(system, data, inputs.seeds) for system in ("gristmill", "tensorflow"))
    rows = []
    for model in [name for name in ours if name not in ("version", "speed")]:
        for metric in ours[model][0]:
            own, peer = ([found[metric] for found in side[model]] for side in (ours, theirs))
            rows.append([model, metric, mean_and_deviation(own), mean_and_deviation(peer), _apart(own, peer)])
    show("canned estimators on 20% held out", ("model", "metric", "ours", "2.15.1", "apart"), rows)
    note("apart: distance of the means in standard deviations of 2.15's seeds")


def _apart(own: list[float], peer: list[float]) -> str:
    import numpy as np

    distance, deviation = abs(np.mean(own) - np.mean(peer)), np.std(peer, ddof=1)
    return f"{distance / deviation:.1f}" if deviation else f"{distance:.4f} (no deviation)"
