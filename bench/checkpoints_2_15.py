"""Writes checkpoints of tf.estimator 2.15 and what its models say: `bench/.tf215/bin/python bench/checkpoints_2_15.py FOLDER`.

Runs under tensorflow==2.15 alone (`make tf215` makes the environment); tests load the checkpoints with gristmill. The models
stand in `tests/gristmill/estimator/models_2_15.py`, which runs under both.
"""

import importlib.util
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

__all__ = ["load_models", "main"]

_MODELS = Path(__file__).parent.parent / "tests/gristmill/estimator/models_2_15.py"
_STEPS = 20


def main(folder: Path) -> None:
    """Trains each model, and keeps its last checkpoint, its predictions and its metrics."""
    import tensorflow as tf

    models = load_models()
    for name, make in models.MODELS.items():
        with tempfile.TemporaryDirectory() as trained:
            estimator = make(tf.estimator, trained, models.optimizers(tf))
            estimator.train(models.input_fn, steps=_STEPS)
            _keep(Path(trained), folder / name)
            said = {
                "predictions": [_plain(one) for one in estimator.predict(models.input_fn_once)],
                "metrics": _plain(estimator.evaluate(models.input_fn_once)),
            }
            (folder / name / "said.json").write_text(json.dumps(said, indent=1, sort_keys=True) + "\n")


def _keep(trained: Path, kept: Path) -> None:
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    for path in trained.glob(f"model.ckpt-{_STEPS}.*"):
        if path.suffix != ".meta":
            shutil.copy(path, kept)
    text = f'model_checkpoint_path: "model.ckpt-{_STEPS}"\n'
    (kept / "checkpoint").write_text(text + f"all_{text}".replace("path:", "paths:"))


def _plain(found: dict[str, Any]) -> dict[str, Any]:
    made = {name: value.tolist() if hasattr(value, "tolist") else value for name, value in found.items()}
    return {name: _text(value) for name, value in made.items()}


def _text(value: Any) -> Any:
    if isinstance(value, list):
        return [_text(one) for one in value]
    return value.decode() if isinstance(value, bytes) else value


def load_models() -> Any:
    """The module of the models, which stands outside of any package."""
    spec = importlib.util.spec_from_file_location("models_2_15", _MODELS)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main(Path(sys.argv[1]))
