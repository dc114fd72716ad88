"""Checkpoints that tf.estimator 2.15 wrote: they load, say what they said, and train on.

`checkpoints_2_15/` was made by `make tf215` and `bench/.tf215/bin/python bench/checkpoints_2_15.py FOLDER`. Where that
environment is there, they are made anew.
"""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import gristmill.estimator as tf_estimator
from bench.checkpoints_2_15 import load_models

ROOT = Path(__file__).parents[3]
KEPT = Path(__file__).parent / "checkpoints_2_15"
PYTHON = ROOT / "bench/.tf215/bin/python"
made = load_models()
MODELS, OPTIMIZERS = made.MODELS, made.optimizers(tf)


def text(value: Any) -> Any:
    return [one.decode() if isinstance(one, bytes) else one for one in np.asarray(value).tolist()]


def check(name: str, folder: Path) -> None:
    said = json.loads((folder / "said.json").read_text())
    estimator = MODELS[name](tf_estimator, str(folder), OPTIMIZERS)
    for found, expected in zip(estimator.predict(made.input_fn_once), said["predictions"], strict=True):
        assert set(found) == set(expected)
        for key, value in expected.items():
            if isinstance(value[0], str):
                assert text(found[key]) == value
            else:
                np.testing.assert_allclose(found[key], value, rtol=1e-4, atol=1e-5, err_msg=key)
    metrics = estimator.evaluate(made.input_fn_once)
    assert set(metrics) == set(said["metrics"])
    for key, value in said["metrics"].items():
        assert metrics[key] == pytest.approx(value, rel=1e-4, abs=1e-5), key
    before = {one: tf.train.load_variable(estimator.latest_checkpoint(), one) for one in estimator.get_variable_names()}
    estimator.train(made.input_fn, steps=1)
    assert estimator.get_variable_value("global_step") == said["metrics"]["global_step"] + 1
    for one in estimator.get_variable_names():
        if one in before and one.endswith(("/linear", "/accumulator", "/m", "/v", "/rms")):
            assert estimator.get_variable_value(one).shape == before[one].shape


@pytest.mark.parametrize("name", MODELS)
def test_a_checkpoint_of_2_15_loads(name: str, tmp_path: Path) -> None:
    shutil.copytree(KEPT / name, tmp_path / name)
    check(name, tmp_path / name)


@pytest.mark.slow
@pytest.mark.skipif(not PYTHON.exists(), reason="needs `make tf215`, the environment with tensorflow==2.15")
def test_checkpoints_made_anew_load(tmp_path: Path) -> None:
    subprocess.run([PYTHON, ROOT / "bench/checkpoints_2_15.py", tmp_path], check=True, capture_output=True)
    for name in MODELS:
        check(name, tmp_path / name)
