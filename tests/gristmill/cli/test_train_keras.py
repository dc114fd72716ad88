"""`gristmill train --model`: any compiled Keras model on any dataset."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gristmill.data.dataset import Dataset
from gristmill.runs import Run
from tests.gristmill.cli.rated import RATED

pytestmark = pytest.mark.slow
MODEL = f"""{RATED}
def build(dataset):
    return rated(dataset, Twice)

def not_compiled():
    return keras.Sequential([keras.layers.Dense(1)])
"""
WORDS = ("train", "--dataset", "data", "--set", "label=rating", "--set", "batch=64", "--json")


def test_a_model_of_ones_own_is_trained_and_evaluated(ingested: Any, work: Path, command: Callable[..., Any]) -> None:
    (work / "own.py").write_text(MODEL)
    options = ["--model", "own.py:build", "--out", "kept/own", "--set", "epochs=12", "--set", "metric=mae"]
    done = command(*WORDS, *options, cwd=work)
    assert done.status == 0, done.err
    run = Run.open(work / "kept/own")
    assert run.config["settings"]["model"] == "own.py:build"
    assert [line["epoch"] for line in run.history] == list(range(1, 13))
    best = min(run.history, key=lambda line: line["val_mae"])
    assert run.metrics["validation"]["model"] == pytest.approx(
        {"loss": best["val_loss"], "mae": best["val_mae"]}, rel=1e-4
    )
    evaluated = command("evaluate", "kept/own", "--json", cwd=work)
    assert evaluated.status == 0, evaluated.err
    ratings = Dataset.open(work / "data").read("test").column("rating").to_numpy()
    spread = float(abs(ratings - ratings.mean()).mean())
    assert evaluated.json["metrics"]["test"]["model"]["mae"] < spread / 2  # who likes what follows from the two ids


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "train takes the name of an app or --model"),
        (["recommend", "--model", "own.py:build"], "train takes the name of an app or --model"),
        (["--model", "own.py"], "named as FILE.py:FUNCTION"),
        (["--model", "absent.py:build"], "the file absent.py of the model absent.py:build must be there"),
        (["--model", "own.py:buidl"], "did you mean 'build'"),
        (["--model", "own.py:not_compiled"], "must be compiled"),
    ],
)
def test_what_cannot_be_trained_is_refused(
    options: list[str], message: str, ingested: Any, work: Path, answer: Callable[..., Any]
) -> None:
    (work / "own.py").write_text(MODEL)
    done = answer(*WORDS, *options, "--out", "runs/refused", cwd=work)
    assert done.status == 2
    assert message in done.json["error"]["message"]
    assert not (work / "runs/refused").exists()


def test_single_steps_are_shown_and_no_run_is_written(ingested: Any, work: Path, command: Callable[..., Any]) -> None:
    before = sorted(path.name for path in (work / "runs").glob("*"))
    words = ["train", "recommend", "--dataset", "data", "--preset", "small", "--eager", "--steps", "2"]
    done = command(*words, "--tfdbg", "debug", cwd=work)
    assert done.status == 0, done.err
    assert done.out.count("\n   2 ") > 2  # the epoch has one batch
    assert all(text in done.out for text in ("retrieval", "layers of ranking", "largest gradient", "learning rate"))
    assert sorted(path.name for path in (work / "runs").glob("*")) == before
    assert list((work / "debug/ranking").iterdir())


def test_a_run_needs_a_folder(ingested: Any, work: Path, answer: Callable[..., Any]) -> None:
    done = answer("train", "recommend", "--dataset", "data", "--json", cwd=work)
    assert done.status == 2
    assert "--out must name the run folder" in done.json["error"]["message"]
