"""The verbs one after the other on a small made data set, as a user calls them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gristmill.data.dataset import Dataset
from gristmill.lite import LiteModel
from gristmill.runs import Run


def test_every_record_is_accounted_for(ingested: Any, work: Path) -> None:
    told = ingested.json
    lines = len((work / "ratings.csv").read_text().splitlines()) - 1
    assert told["read"] == told["written"] + told["quarantined"] == lines + 24
    assert told["quarantined"] == 2
    quarantine = [json.loads(line) for line in next((work / "data/quarantine").iterdir()).read_text().splitlines()]
    assert [entry["position"] for entry in quarantine] == [lines, lines + 1]
    assert "`rating` must be a finite number" in quarantine[0]["reason"]
    assert "ratings.csv:2" in quarantine[1]["reason"]
    assert quarantine[1]["record"] == (work / "ratings.csv").read_text().splitlines()[1]


def test_the_dataset_holds_what_was_read(ingested: Any, work: Path) -> None:
    dataset = Dataset.open(work / "data")
    rows = [line.split(",") for line in (work / "ratings.csv").read_text().splitlines()[1:-2]]
    stored = [row for split in ("train", "validation", "test") for row in dataset.read(split).to_pylist()]
    assert sorted((r["user"], r["item"], r["rating"], r["time"]) for r in stored) == sorted(
        (user, item, float(rating), int(time)) for user, item, rating, time in rows
    )


def test_the_same_command_again_does_nothing(ingested: Any, work: Path, command: Callable[..., Any]) -> None:
    before = (work / "data/manifest.json").stat().st_mtime_ns
    options = ["--interactions", "ratings.csv", "--items", "items.csv", "--out", "data"]
    again = command("ingest", "recommend", *options, cwd=work)
    assert again.status == 0
    assert "up to date" in again.err
    assert (work / "data/manifest.json").stat().st_mtime_ns == before


def test_training_leaves_a_whole_run(trained: Any, work: Path) -> None:
    run = Run.open(work / trained.json["run"])
    assert {"retrieval.keras", "ranking.keras", "history.jsonl", "card.md"} <= set(run.files)
    assert run.config["settings"]["retrieval"]["history"] == 32
    assert {line["task"] for line in run.history} == {"train retrieval", "train ranking"}
    assert trained.json["metrics"]["validation"]["model"].keys() >= {"ndcg_at_10", "auc"}


def test_the_metrics_have_their_shape(exported: dict[str, Any]) -> None:
    systems = exported["evaluate"].json["metrics"]["test"]
    assert next(iter(systems)) == "model"
    assert {"popularity", "item_knn", "ease", "linear_classifier", "logistic_regression"} <= systems.keys()
    assert all(0 <= systems[name]["ndcg_at_10"] <= 1 for name in ("model", "popularity", "item_knn", "ease"))
    assert systems["model"]["auc"] > 0.9  # users like the items of their own colour


def test_the_lite_files_recommend(exported: dict[str, Any], work: Path) -> None:
    report = exported["export"].json["lite"]
    assert {(row["task"], row["format"]) for row in report} == {
        (task, name) for task in ("retrieval", "ranking") for name in ("f32", "dynamic")
    }
    model = LiteModel(work / "runs/first/lite/retrieval-dynamic.tflite")
    items = model.assets["items.txt"].decode().splitlines()
    titles = dict(zip(items, model.assets["titles.txt"].decode().splitlines(), strict=True))
    assert titles["i3"] == "Film 3"
    history = np.array([[0] * 29 + [items.index(name) + 1 for name in ("i0", "i2", "i4")]], np.int32)
    answer = model("recommend", history=history)
    assert not set(answer["items"][0][:20].tolist()) & set(history[0].tolist())
    assert all(first >= second for first, second in zip(answer["scores"][0], answer["scores"][0][1:], strict=False))


def test_the_card_tells_the_figures(exported: dict[str, Any], work: Path) -> None:
    card = (work / "runs/first/card.md").read_text()
    ndcg = exported["evaluate"].json["metrics"]["test"]["model"]["ndcg_at_10"]
    assert f"{ndcg:.4f}" in card
    assert "retrieval-dynamic.tflite" in card
    assert str(work) not in card


def test_runs_are_listed_shown_compared_and_verified(
    exported: dict[str, Any], work: Path, command: Callable[..., Any]
) -> None:
    shutil.copytree(work / "runs/first", work / "runs/second")
    listed = command("runs", "list", "--json", cwd=work).json["runs"]
    assert [run["name"] for run in listed] == ["first", "second"]
    shown = command("runs", "show", "first", "--json", cwd=work).json
    assert shown["metrics"] == exported["evaluate"].json["metrics"]
    compared = command("runs", "compare", "first", "second", "--json", cwd=work).json
    assert all(row["difference"] == 0 for row in compared["metrics"])
    assert command("runs", "verify", "second", cwd=work).status == 0


def test_a_changed_run_is_refused_by_name(exported: dict[str, Any], work: Path, command: Callable[..., Any]) -> None:
    changed = work / "runs/changed"
    shutil.copytree(work / "runs/first", changed)
    (changed / "config.json").write_text((changed / "config.json").read_text().replace('"seed": 1', '"seed": 2'))
    for words in (["runs", "verify", "changed"], ["evaluate", "runs/changed"]):
        refused = command(*words, cwd=work)
        assert refused.status == 1
        assert "config.json" in refused.err
    shutil.rmtree(changed)


def test_a_run_wants_its_own_dataset(exported: dict[str, Any], work: Path, command: Callable[..., Any]) -> None:
    other = command("ingest", "recommend", "--interactions", "ratings.csv", "--out", "other", "--json", cwd=work)
    assert other.status == 0
    refused = command("evaluate", "first", "--dataset", "other", cwd=work)
    assert refused.status == 2
    assert "was trained on the dataset" in refused.err


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["train", "recommned", "--dataset", "data", "--out", "runs/x"], 2, "did you mean 'recommend'"),
        (["train", "recommend", "--dataset", "data", "--out", "runs/first"], 2, "is a run already"),
        (["train", "recommend", "--dataset", "nowhere", "--out", "runs/x"], 2, "is no dataset"),
        (["train", "recommend", "--dataset", "data", "--out", "runs/x", "--preset", "smal"], 2, "did you mean 'small'"),
        (
            ["train", "recommend", "--dataset", "data", "--out", "runs/x", "--set", "retrieval.widht=3"],
            2,
            "retrieval.width",
        ),
        (
            ["train", "recommend", "--dataset", "data", "--out", "runs/x", "--set", "retrieval.width=x"],
            2,
            "retrieval.width",
        ),
        (["evaluate", "frist"], 2, "did you mean 'first'"),
        (["evaluate", "first", "--split", "tset"], 2, "did you mean 'test'"),
        (["export", "first", "--lite", "f64"], 2, "did you mean 'f16'"),
        (["fetch", "movielens-100"], 2, "did you mean 'movielens-100k'"),
        (
            ["ingest", "recommend", "--interactions", "ratings.csv", "--item", "itm", "--out", "x"],
            2,
            "did you mean 'item'",
        ),
        (["ingest", "recommend", "--interactions", "missing.csv", "--out", "x"], 2, "no such file"),
        (["ingest", "recommend", "--interactions", "ratings.csv"], 2, "--out"),
        (["runs", "show", "nothing"], 2, "nothing"),
        (["ingst"], 2, "ingest"),
    ],
)
def test_wrong_words_are_answered(
    exported: dict[str, Any], work: Path, words: list[str], status: int, told: str, answer: Callable[..., Any]
) -> None:
    done = answer(*words, cwd=work)
    assert (done.status, told in done.err) == (status, True), done.err
    assert "Traceback" not in done.err


def test_under_json_an_error_is_an_object_too(work: Path, answer: Callable[..., Any]) -> None:
    done = answer("fetch", "movielens", "--json", cwd=work)
    assert done.status == 2
    assert "movielens-100k" in done.json["error"]["message"]
