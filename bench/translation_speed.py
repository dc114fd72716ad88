"""Pieces per CPU-second of the translator: training by precision and compiler, and greedy search and beam of lite files.

The weights are random and the pieces made up, with the lengths of everyday sentences: speed does not depend on either. The
shape of the decoding table, 3 layers on both sides, width 256, 1,024 inside, 8,000 pieces, is the one in which CTranslate2
(int8, greedy) was measured: 1,921 pieces per CPU-second one sentence at a time, 8,831 in batches of 32.
"""

import time
from pathlib import Path

import numpy as np
import tensorflow as tf

from apps.translation.config import DecodingConfig, NetworkConfig, TrainingConfig, TranslationConfig
from apps.translation.decoding.engine import request
from apps.translation.decoding.signatures import signatures
from apps.translation.model import Batch, PackedBatches, Pairs, make_step, new_transformer
from apps.translation.pieces import END
from apps.translation.presets import PRESETS
from bench.inputs import Inputs
from bench.tables import show
from gristmill.config import build_config
from gristmill.lite import LiteModel, convert_all, export_saved_model
from gristmill.workflow.precision import set_precision

__all__ = ["run"]

_PIECES = {"tiny": 4000, "small": 8000}
_STEPS = 12
_SENTENCES = 60
_LENGTH = 10
_CTRANSLATE2 = NetworkConfig(width=256, heads=4, encoder_layers=3, decoder_layers=3, feed_forward=1024)


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
        files = _converted(inputs.folder)
    found = [[name, f"{path.stat().st_size / 1e6:.1f}", *_decoded(path)] for name, path in files.items()]
    show("lite files, one sentence at a time", ["format", "MB", "greedy, pieces per CPU-s", "beam of 5"], found)


def _trained(preset: str, precision: str, compiled: bool) -> list[str]:
    config = build_config(TranslationConfig, PRESETS[preset], [])
    training: TrainingConfig = config.training.model_copy(update={"jit_compile": compiled})
    vocabulary = _PIECES[preset]
    batches = PackedBatches(_pairs(vocabulary), training.row_lengths[:1], training.batch_pieces, 0)(0)
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


def _pairs(vocabulary: int) -> Pairs:
    random = np.random.default_rng(0)
    sizes = np.clip(random.gamma(4, _LENGTH / 4, (12_000, 2)).round().astype(int), 1, 30)
    sides = [[random.integers(4, vocabulary, size).astype(np.int32) for size in side] for side in sizes.T]
    return Pairs(*sides)


def _converted(folder: Path) -> dict[str, Path]:
    """Files of a network that never ends a sentence by itself."""
    model = new_transformer(_PIECES["small"], _CTRANSLATE2, 0.0)
    table = model.table.numpy()
    table[END] = 0.0
    model.table.assign(table)
    saved = export_saved_model(model, signatures(model, DecodingConfig()), folder / "translation_speed")
    return convert_all(saved, folder, "translation", ["f32", "dynamic"])


def _decoded(path: Path) -> list[str]:
    model, random = LiteModel(path), np.random.default_rng(1)
    found = []
    for name in ("translate", "beam"):
        wanted = [
            request(random.integers(4, 8000, _LENGTH).tolist(), DecodingConfig().source_pieces)
            for _ in range(_SENTENCES)
        ]
        for given in wanted:
            given["limit"] = np.array([_LENGTH], np.int32)
        model(name, **wanted[0])
        start = time.process_time()
        for given in wanted:
            model(name, **given)
        found.append(f"{_SENTENCES * _LENGTH / (time.process_time() - start):,.0f}")
    return found
