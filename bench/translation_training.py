"""Target pieces per CPU-second of training: our loop beside a Transformer of the same size out of PyTorch's own layers.

Both take the same made-up pairs, as many pieces of the target a batch, and one thread. Only real pieces are counted: ours
packs pairs into rows, the peer has batches of about the same length with padding.
"""

import sys
from pathlib import Path
from statistics import median
from typing import Any

from apps.translation.model import PackedBatches, Pairs
from bench import sentences
from bench.inputs import Inputs
from bench.measured import TORCH, measure, torch_python
from bench.tables import note, show
from bench.translation_ours import ROW_LENGTHS

__all__ = ["run"]

_SHAPES = {"tiny, 3+1 layers": ("3", "1", "0"), "JoeyNMT's, 2+2 layers": ("2", "2", "0.1")}
"""Layers of the encoder and of the decoder, and dropout."""
_VOCABULARY = 4000
_PAIRS = 5000
_PLACES = 2048
"""Of a batch of ours."""
_ROUNDS = 3
_PEER = "PyTorch"
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def run(inputs: Inputs) -> None:
    """Prints one table."""
    path, pairs = inputs.folder / "translation_training.npz", sentences.make(_PAIRS, _VOCABULARY)
    sentences.write(path, pairs)
    batches = PackedBatches(Pairs(*pairs), ROW_LENGTHS, _PLACES, seed=0).count()
    pieces = sum(len(row) + 1 for row in pairs[1]) // batches
    rows = []
    for shape, settings in _SHAPES.items():
        with inputs.progress.task(f"train {shape}"):
            found = _measured(path, settings, pieces)
        rows += [_row(shape, name, told, found[_PEER]) for name, told in found.items()]
    show(
        f"training on {_PAIRS:,} pairs, float32, one thread, {pieces:,} target pieces a batch",
        ["shape", "system", "weights", "target pieces per CPU-s", f"times {_PEER}"],
        rows,
    )
    note(f"an epoch after one that warms up, its batches made in it; medians of {_ROUNDS} alternating rounds")
    note(f"PyTorch is looked for in the Python that {TORCH} names, an environment with torch and numpy")


def _measured(path: Path, settings: tuple[str, ...], pieces: int) -> dict[str, list[dict[str, Any]] | str]:
    """What each system told in each round, or why it could not run."""
    ours = [sys.executable, "-m", "bench.translation_ours", str(path), str(_PLACES), *settings]
    peer = [torch_python(), "-m", "bench.translation_torch", str(path), str(pieces), *settings]
    commands = {"gristmill": ours, "gristmill by XLA": [*ours, "xla"], _PEER: peer}
    found: dict[str, list[dict[str, Any]] | str] = {}
    for _ in range(_ROUNDS):
        for name, command in commands.items():
            before = found.setdefault(name, [])
            if isinstance(before, list):
                told = measure(command, **_ONE_THREAD)
                found[name] = told if isinstance(told, str) else [*before, told]
    return found


def _row(shape: str, name: str, told: list[dict[str, Any]] | str, peer: list[dict[str, Any]] | str) -> list[str]:
    if isinstance(told, str):
        return [shape, name, "", told, ""]
    rates = [one["pieces"] / one["cpu"] for one in told]
    times = ""
    if isinstance(peer, list):
        others = (one["pieces"] / one["cpu"] for one in peer)
        times = f"{median(rate / other for rate, other in zip(rates, others, strict=True)):.2f}"
    return [shape, name, f"{told[0]['weights']:,}", f"{median(rates):,.0f}", times]
