"""Pieces per CPU-second of the translator: training by precision and compiler, and greedy search beside CTranslate2.

The weights are random and the pieces made up, with the lengths of everyday sentences: speed does not depend on either. All
systems of the decoding table have 3 layers on both sides, width 256, 1,024 inside, 8,000 pieces, and write as many pieces.
"""

import sys
import time
from pathlib import Path

import tensorflow as tf

from apps.translation.config import DecodingConfig, NetworkConfig, TrainingConfig, TranslationConfig
from apps.translation.decoding.signatures import signatures
from apps.translation.model import Batch, PackedBatches, Pairs, make_step, new_transformer
from apps.translation.pieces import END
from apps.translation.presets import PRESETS
from bench import sentences
from bench.inputs import Inputs
from bench.measured import measure
from bench.tables import note, show
from bench.translation_ctranslate2 import make
from bench.translation_decoding import BATCH
from gristmill.config import build_config
from gristmill.errors import WorkError
from gristmill.lite import FORMATS, convert_all, export_saved_model
from gristmill.workflow.precision import set_precision

__all__ = ["run"]

_PIECES = {"tiny": 4000, "small": 8000}
_STEPS = 12
_PEER = "CTranslate2 int8"
_DECODED = NetworkConfig(width=256, heads=4, encoder_layers=3, decoder_layers=3, feed_forward=1024)


def run(inputs: Inputs) -> None:
    """Prints both tables."""
    rows = []
    for preset in _PIECES:
        for precision in ("float32", "mixed_bfloat16"):
            for compiled in (False, True):
                with inputs.progress.task(f"train {preset} in {precision}{' by XLA' if compiled else ''}"):
                    rows.append(
                        [preset, precision, "yes" if compiled else "no", *_trained(preset, precision, compiled)]
                    )
    show("training", ["preset", "precision", "XLA", "weights", "target pieces per CPU-s", "first step, CPU-s"], rows)
    with inputs.progress.task("convert"):
        made = _made(inputs.folder) | _peer(inputs.folder)
    found = {}
    for name, (system, path) in made.items():
        with inputs.progress.task(f"translate with {name}"):
            found[name] = _decoded(system, path)
    columns = ["system", "pieces per CPU-s", f"times {_PEER}", f"in batches of {BATCH}", f"times {_PEER}"]
    show(
        "greedy search, one thread", columns, [_row(name, rates, found.get(_PEER, {})) for name, rates in found.items()]
    )
    note("a lite file and a SavedModel take one sentence at a time")


def _trained(preset: str, precision: str, compiled: bool) -> list[str]:
    config = build_config(TranslationConfig, PRESETS[preset], [])
    training: TrainingConfig = config.training.model_copy(update={"jit_compile": compiled})
    vocabulary = _PIECES[preset]
    batches = PackedBatches(
        Pairs(*sentences.make(12_000, vocabulary)), training.row_lengths[:1], training.batch_pieces, 0
    )(0)
    given = [Batch(*map(tf.constant, next(batches))) for _ in range(_STEPS)]
    with set_precision(precision):
        model = new_transformer(vocabulary, config.network, training.dropout)
        step = make_step(model, training, 10 * _STEPS)
        start = time.process_time()
        float(step(given[0]))
        first = time.process_time() - start
        float(step(given[1]))
        start = time.process_time()
        for batch in given[2:]:
            loss = step(batch)
        float(loss)
    pieces = sum(int((batch.wanted.numpy() > 0).sum()) for batch in given[2:])
    return [f"{model.count_params():,}", f"{pieces / (time.process_time() - start):,.0f}", f"{first:.1f}"]


def _made(folder: Path) -> dict[str, tuple[str, Path]]:
    """A network that never ends a sentence by itself, as files by what they are called: its system, and where it is."""
    model = new_transformer(_PIECES["small"], _DECODED, 0.0)
    table = model.table.numpy()
    table[END] = 0.0
    model.table.assign(table)
    model.round_weights()
    saved = export_saved_model(model, signatures(model, DecodingConfig()), folder / "translation_speed")
    model.save(folder / "translation_speed.keras")
    files = convert_all(saved, folder, "translation", list(FORMATS))
    made = {f"lite file, {name}, {path.stat().st_size / 1e6:.1f} MB": ("lite", path) for name, path in files.items()}
    return made | {"SavedModel": ("saved_model", saved), "Keras model": ("keras", folder / "translation_speed.keras")}


def _peer(folder: Path) -> dict[str, tuple[str, Path]]:
    shape = _DECODED
    try:
        path = make(
            folder / "translation_speed.ctranslate2",
            _PIECES["small"],
            (shape.encoder_layers, shape.decoder_layers),
            shape.heads,
            shape.width,
            shape.feed_forward,
        )
    except ModuleNotFoundError as error:
        note(f"{_PEER} not measured: {error}; it is in the group bench")
        return {}
    return {_PEER: ("ctranslate2", path)}


def _decoded(system: str, path: Path) -> dict[int, float]:
    told = measure([sys.executable, "-m", "bench.translation_decoding", system, str(path)], OMP_NUM_THREADS="1")
    if isinstance(told, str):
        raise WorkError(told)
    return {int(rows): rate for rows, rate in told.items()}


def _row(name: str, rates: dict[int, float], peer: dict[int, float]) -> list[str]:
    told = [name]
    for rows in (1, BATCH):
        told.append(f"{rates[rows]:,.0f}" if rows in rates else "")
        told.append(f"{rates[rows] / peer[rows]:.2f}" if rows in rates and rows in peer else "")
    return told
