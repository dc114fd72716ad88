"""The process that runs TFLiteConverter: `python -m gristmill.lite.converter REPORT < jobs.json`.

It is a process of its own because `convert` does not give its memory back. It reads from standard input
`[{"saved_model": PATH, "outputs": {FORMAT: PATH}}, ...]`, names each file on standard error, writes its
flatbuffer, and leaves in REPORT, per job, how many float weights its signatures read.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from gristmill.lite.int8_weights import store_in_int8

__all__ = ["main"]

_MADE_OUT_OF = {"int8_weights": ("f32", store_in_int8)}
"""Formats that are made out of another one's file, and how."""


def main(report: Path, jobs: list[dict[str, Any]]) -> None:
    """Converts all jobs and writes the report."""
    weights = []
    for job in jobs:
        signatures, count = _inspect(job["saved_model"])
        weights.append(count)
        made: dict[str, bytes] = {}
        for name, output in job["outputs"].items():
            print(f"converting {Path(output).name}", file=sys.stderr, flush=True)
            base, change = _MADE_OUT_OF.get(name, (name, bytes))
            if base not in made:
                made[base] = _convert(job["saved_model"], signatures, base)
            Path(output).write_bytes(change(made[base]))
    report.write_text(json.dumps(weights))


def _inspect(saved_model: str) -> tuple[list[str], int]:
    """Names the signatures and counts the float weights that they read.

    The alias "serving_default", which ExportArchive adds to the first, is left out. Tensors of equal content
    count once, as the converter writes them once; a tensor of one value everywhere does not count, as the
    converter may fold it away (a bias of zeros, a scale of ones).
    """
    import tensorflow as tf

    loaded = tf.saved_model.load(saved_model)
    signatures = dict(loaded.signatures)
    if len(signatures) > 1:
        signatures.pop("serving_default", None)
    sizes: dict[bytes, int] = {}
    for function in signatures.values():
        for value in (variable.numpy() for variable in function.variables if variable.dtype.is_floating):
            if value.size and (value != value.flat[0]).any():
                sizes[hashlib.sha256(value.tobytes()).digest()] = value.size
    return list(signatures), sum(sizes.values())


def _convert(saved_model: str, signatures: list[str], name: str) -> bytes:
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(saved_model, signature_keys=signatures)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if name in {"f16", "dynamic"}:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if name == "f16":
        converter.target_spec.supported_types = [tf.float16]
    model: bytes = converter.convert()
    return model


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.load(sys.stdin))
