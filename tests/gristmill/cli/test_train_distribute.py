"""`gristmill train --distribute`: several devices and processes by one option."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gristmill.runs import Run

pytestmark = pytest.mark.slow
MODEL = """
import keras

def build():
    time = keras.Input((), name="time")
    hidden = keras.layers.Rescaling(1 / 1000, -1)(keras.layers.Reshape((1,))(time))
    hidden = keras.layers.Dense(16, activation="relu", name="wide")(hidden)
    model = keras.Model({"time": time}, keras.layers.Dense(1)(hidden))
    model.compile(keras.optimizers.Adam(0.05), "mse")
    return model
"""
WORDS = ("train", "--model", "clock.py:build", "--dataset", "data", "--set", "label=rating", "--set", "batch=100")


@pytest.fixture(scope="module")
def alone(ingested: Any, work: Path, command: Callable[..., Any]) -> Run:
    """What one device trains."""
    (work / "clock.py").write_text(MODEL)
    done = command(*WORDS, "--set", "epochs=3", "--out", "kept/alone", "--json", cwd=work)
    assert done.status == 0, done.err
    return Run.open(work / "kept/alone")


@pytest.mark.parametrize(
    "options",
    [
        ("--distribute", "multiworker:2"),
        ("--distribute", "model-parallel:2", "--place", "wide=1", "--place", "dense.*=split"),
    ],
    ids=["multiworker", "model-parallel"],
)
def test_it_is_what_one_device_trains(
    options: tuple[str, ...], alone: Run, work: Path, command: Callable[..., Any]
) -> None:
    out = f"kept/{options[1].partition(':')[0]}"
    done = command(*WORDS, "--set", "epochs=3", "--out", out, "--json", *options, cwd=work)
    assert done.status == 0, done.err
    run = Run.open(work / out)
    assert done.json == {"run": out, "metrics": run.metrics}
    assert run.config["distribute"] == options[1]
    assert run.metrics["validation"]["model"] == pytest.approx(alone.metrics["validation"]["model"], rel=1e-4)
    assert [line["step"] for line in run.history] == [line["step"] for line in alone.history]
    assert not list((work / "kept").glob(".*"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--distribute", "mirror"), "did you mean 'mirrored'"),
        (("--distribute", "multiworker:0"), "a count from 1 on"),
        (("--distribute", "mirrored", "--eager"), "--eager shows steps of one device"),
        (("--place", "wide=1"), "--place goes with --distribute model-parallel"),
        (("--distribute", "model-parallel", "--place", "wide"), "--place must be LAYER=DEVICE"),
    ],
)
def test_what_cannot_be_distributed_is_refused(
    options: tuple[str, ...], message: str, ingested: Any, work: Path, answer: Callable[..., Any]
) -> None:
    (work / "clock.py").write_text(MODEL)
    done = answer(*WORDS, "--out", "kept/refused", "--json", *options, cwd=work)
    assert done.status == 2, done.err
    assert message in done.json["error"]["message"]
    assert not (work / "kept/refused").exists()


def test_a_placement_must_fit_a_layer(alone: Run, work: Path, command: Callable[..., Any]) -> None:
    options = ["--distribute", "model-parallel", "--place", "narrow=1"]
    done = command(*WORDS, "--out", "kept/refused", "--json", *options, cwd=work)
    assert done.status == 2, done.err
    assert "a placement must fit a layer with weights" in done.json["error"]["message"]
    assert not (work / "kept/refused").exists()


def test_a_cluster_must_fit(alone: Run, work: Path, command: Callable[..., Any]) -> None:
    done = command(
        *WORDS, "--out", "kept/refused", "--json", "--distribute", "multiworker", cwd=work, TF_CONFIG='{"cluster": 1}'
    )
    assert done.status == 2, done.err
    assert "TF_CONFIG must be JSON with `cluster`" in done.json["error"]["message"]
