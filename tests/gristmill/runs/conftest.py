"""A small finished run, made anew for each test that asks for one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gristmill.runs import Run, RunWriter

CONFIG = {"app": "recommend", "preset": "demo", "seed": 7, "retrieval": {"width": 64, "rates": [0.1, 0.2]}}
LINEAGE = {
    "created": "2025-01-31T09:30:00Z",
    "dataset": {
        "name": "tiny", "manifest_sha256": "ab" * 32, "licence": "",
        "read": 1010, "written": 1000, "quarantined": 10,
    },
    "code": {"version": "0.1.0", "commit": "cd" * 20, "changed": True},
    "packages": {"keras": "3.15.1", "numpy": "2.4.6", "zipp": "1.0"},
    "python": "3.11.9",
    "platform": "Linux x86_64 glibc 2.36",
}  # fmt: skip
METRICS = {
    "validation": {"model": {"ndcg_at_10": 0.07, "logloss": None}},
    "test": {
        "popularity": {"ndcg_at_10": 0.025, "logloss": 0.6},
        "model": {"ndcg_at_10": 0.0649, "logloss": 0.55, "users": 943},
        "ease": {"ndcg_at_10": 0.0409, "logloss": 0.51},
    },
}


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Run]:
    """Returns a function that writes a run below the test's folder and opens it."""

    def make(name: str = "first", **config: Any) -> Run:
        with RunWriter(tmp_path / name) as run:
            run.write_json("config.json", CONFIG | config)
            run.write_json("lineage.json", LINEAGE)
            run.write_json("metrics.json", METRICS)
            run.log(epoch=1, loss=0.9)
            run.log(epoch=2, loss=0.5)
            (run.path / "model.keras").write_bytes(b"weights" * 100)
            (run.path / "saved_model/retrieval/assets").mkdir(parents=True)
            (run.path / "saved_model/retrieval/saved_model.pb").write_bytes(b"graph")
        return Run.open(tmp_path / name)

    return make
