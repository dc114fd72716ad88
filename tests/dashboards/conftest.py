"""A tiny dataset and tiny runs, made by the real pipeline and the real writers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

EVENTS = [
    ("anna", "b a d c e"),
    ("bert", "a b c d e"),
    ("cleo", "c a b e d"),
    ("dora", "a c b d e"),
    ("emil", "b c a e d"),
]
TITLES = {"a": "Alien", "b": "Brazil", "c": "Casablanca", "d": "Dune", "e": "Eraserhead"}
METRICS = {
    "validation": {"model": {"ndcg_at_10": 0.07}},
    "test": {
        "popularity": {"ndcg_at_10": 0.025, "recall_at_10": 0.05, "cold_users": 3.0},
        "model": {"ndcg_at_10": 0.0649, "recall_at_10": 0.122, "cold_users": 3.0, "auc": 0.79},
        "ease": {"ndcg_at_10": 0.0409, "recall_at_10": 0.201, "cold_users": 3.0},
    },
}
LITE = [
    {
        "file": "retrieval-f32.tflite",
        "format": "f32",
        "bytes": 1200,
        "metrics": {"ndcg_at_10": 0.0649},
        "agreement": 1.0,
        "latency": {"p50_us": 65.0},
    }
]


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Points the pages to empty folders of runs and datasets, and forgets what they have loaded."""
    import streamlit as st

    monkeypatch.setenv("GRISTMILL_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("GRISTMILL_DATASETS", str(tmp_path / "datasets"))
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture(scope="session")
def made_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five people and five films, one rating that is no number, one film without a year."""
    from apps.recommend.options import IngestOptions
    from apps.recommend.plan import make_plan
    from pipelines.ingest import ingest

    folder = tmp_path_factory.mktemp("source")
    rows = [
        f"{user},{item},{1 + place},{1_000_000 + 86_400 * place}"
        for user, items in EVENTS
        for place, item in enumerate(items.split())
    ]
    interactions, items = folder / "events.csv", folder / "films.csv"
    interactions.write_text("\n".join(["user,item,rating,time", *rows, "anna,a,five,1"]) + "\n")
    films = [f"{item},{title},{1970 + place}" for place, (item, title) in enumerate(TITLES.items())]
    items.write_text("\n".join(["item,title,year", *films]) + "\n")
    info = {"name": "films", "title": "Five films", "licence": "CC0", "citation": "Nobody, 2025."}
    options = IngestOptions(data_info=info)
    out = folder / "datasets" / "films"
    ingest(make_plan({"interactions": [str(interactions)], "items": [str(items)]}, options), out)
    return out


@pytest.fixture
def dataset(made_dataset: Path, tmp_path: Path) -> Path:
    """The tiny dataset in the folder of datasets."""
    import shutil

    return Path(shutil.copytree(made_dataset, tmp_path / "datasets" / "films"))


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Path]:
    """Returns a function that writes a run into the folder of runs."""
    from gristmill.runs import RunWriter

    def make(name: str, *, files: dict[str, bytes] | None = None, origin: Any = None, **config: Any) -> Path:
        out = tmp_path / "runs" / name
        origin = origin or {"name": "films", "manifest_sha256": "ab" * 32}
        with RunWriter(out) as run:
            run.write_json("config.json", {"app": "recommend", "preset": "small", "seed": 7} | config)
            run.write_json("lineage.json", {"created": "2025-01-31T09:30:00Z", "dataset": origin})
            run.write_json("metrics.json", METRICS)
            run.write_json("lite/report.json", LITE)
            run.log(task="train retrieval", epoch=1, step=5, seconds=1.0, loss=0.9)
            run.log(task="train retrieval", epoch=2, step=10, seconds=2.0, loss=0.5, ndcg_at_10=0.06)
            (run.path / "card.md").write_text("---\nlibrary_name: keras\n---\n\n# Films\n\nCosts $5.\n")
            for file, content in (files or {}).items():
                (run.path / file).write_bytes(content)
        return out

    return make
