"""Quality of the translator for the CPU-seconds of its training, beside figures measured before on the same sentences."""

import os
import resource
import subprocess
import sys
from pathlib import Path

from apps.translation.decoding import ModelEngine
from apps.translation.evaluation import score
from apps.translation.opened import VOCABULARY
from apps.translation.text import Translator
from apps.translation.text.pieces import SentencePieces
from bench.inputs import Inputs
from bench.tables import has_bfloat16, note, show
from bench.translation_peers import read_pairs
from gristmill.errors import InputError, WorkError
from gristmill.progress import Silent
from gristmill.workflow.opened import load_model, open_run

__all__ = ["POINTS", "REPORTED", "run"]

_FIRST = 500
_METRICS = ("bleu_lowercase", "chrf")
REPORTED = {
    "Apertium": (27.8, 52.6, 0),
    "phrase-based (Thot)": (35.0, 54.5, 303),
    "JoeyNMT, width 128, 2+2 layers, 4k pieces": (31.5, 51.6, 945),
    "JoeyNMT, the same for longer": (38.0, 57.7, 2650),
}
"""Lower-case BLEU, chrF and CPU-seconds of training, measured before this project began, on the first 500 sentences of dev."""


_SHORT = ("--set", "training.epochs=7", "--set", "training.dropout=0.1", "--set", "training.warm_up=400")
_FLOAT32: dict[str, tuple[str, ...]] = {
    "tiny": ("--preset", "tiny", "--set", "training.epochs=3"),
    "tiny, for longer": ("--preset", "tiny", "--set", "training.epochs=8"),
    "small": ("--preset", "small", *_SHORT),
}
_BFLOAT16: dict[str, tuple[str, ...]] = {
    "tiny": _FLOAT32["tiny"],
    "tiny, for longer": ("--preset", "tiny", "--precision", "mixed_bfloat16", "--set", "training.epochs=16"),
    "small": ("--preset", "small", "--precision", "mixed_bfloat16"),
}
POINTS = _BFLOAT16 if has_bfloat16() else _FLOAT32
"""Words of `gristmill train translation` by name: so many epochs as the CPU-seconds of the reported figures allow."""
_INGEST = ("--pieces", "4000", "--held-out", "0.01")


def run(inputs: Inputs) -> None:
    """Trains at each point on the pairs of train, with a thread, and prints what beam search reaches on dev."""
    if not inputs.pairs:
        raise InputError("`--pairs` must be a folder with train.tsv.gz and dev.tsv.gz. Received: none")
    sources, references = read_pairs(inputs.pairs / "dev.tsv.gz")
    rows = [[name, f"{bleu}", f"{chrf}", "", f"{cost:,}", "before"] for name, (bleu, chrf, cost) in REPORTED.items()]
    dataset = inputs.folder / "translation"
    _command("ingest", "--pairs", str(inputs.pairs / "train.tsv.gz"), *_INGEST, "--out", str(dataset))
    for number, (name, words) in enumerate(POINTS.items()):
        path = inputs.folder / f"translation-{number}"
        with inputs.progress.task(f"train {name}"):
            before = _spent()
            _command("train", "--dataset", str(dataset), *words, "--out", str(path))
            seconds = _spent() - before
        lines = _translate(path, dataset, sources)
        first = score(lines[:_FIRST], references[:_FIRST]).values
        whole = score(lines, references).values["bleu_lowercase"]
        rows.append([name, *(f"{first[key]:.1f}" for key in _METRICS), f"{whole:.1f}", f"{seconds:,.0f}", "now"])
    columns = ["system", *_METRICS, f"BLEU of all {len(sources):,}", "CPU-s to train", "measured"]
    show(f"{inputs.pairs.name}, first {_FIRST} sentences of dev, beam search", columns, rows)
    note("the CPU-seconds of ours are those of the whole command, its start and the scores on validation among them")


def _command(verb: str, *words: str) -> None:
    command = [sys.executable, "-m", "gristmill.cli", verb, "translation", *words, "--quiet"]
    one_thread = {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | one_thread)
    if done.returncode:
        raise WorkError(f"gristmill {verb} translation ended with {done.returncode}: {done.stderr[-2000:]}")


def _spent() -> float:
    """CPU-seconds of all processes that were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _translate(path: Path, dataset: Path, sources: list[str]) -> list[str]:
    opened = open_run(path, dataset, Silent())
    model, decoding = load_model(opened, opened.tasks[0]), opened.work.config.decoding
    vocabulary = SentencePieces(opened.work.dataset.asset(VOCABULARY))
    return Translator(ModelEngine(model, decoding), vocabulary, beam=decoding.beam).translate(sources)
