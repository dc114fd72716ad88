"""Training steps per second of canned estimators on Adult, beside tf.estimator 2.15."""

import statistics

from bench.estimator_peer import measured, prepared
from bench.inputs import Inputs
from bench.tables import note, show, spread

__all__ = ["run"]

_ROUNDS = 3
_AIM = 2.0


def run(inputs: Inputs) -> None:
    """Prints medians over rounds taken in turns."""
    data = prepared(inputs.folder)
    taken: dict[str, list[dict[str, float]]] = {"tensorflow": [], "gristmill": []}
    for _ in range(_ROUNDS):
        for system, found in taken.items():
            found.append(measured(system, data, [0], "speed")["speed"])
    rows = []
    for name in taken["gristmill"][0]:
        ours, theirs = ([found[name] for found in taken[system]] for system in ("gristmill", "tensorflow"))
        ratio = statistics.median(ours) / statistics.median(theirs)
        rows.append([name, f"{statistics.median(ours):.0f}", spread(ours, ".0f"), f"{statistics.median(theirs):.0f}",
                     spread(theirs, ".0f"), f"{ratio:.2f}", f"{_AIM:.0f}"])  # fmt: skip
    columns = ("model, input", "ours", "spread", "2.15.1", "spread", "ratio", "aim")
    show("training steps per second, Adult, batch 128", columns, rows)
    note("records: shuffled one by one by tf.data; batches: the same batches made before, again and again")
