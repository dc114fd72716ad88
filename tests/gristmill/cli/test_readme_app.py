"""The made-up app of the README, installed beside ours, gets every verb."""

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]


def readme_app() -> str:
    """The app's code as the README shows it."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    return next(block for block in blocks if 'name="coffee"' in block)


def install(folder: Path) -> None:
    """Puts the app and its entry point on a path, as a package of its own would."""
    (folder / "coffee.py").write_text(readme_app())
    info = folder / "coffee-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: coffee\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[gristmill.apps]\ncoffee = coffee:app\n")


def test_an_app_of_forty_lines_gets_every_verb(tmp_path: Path, command: Callable[..., Any]) -> None:
    assert len(readme_app().splitlines()) <= 45
    install(tmp_path)
    chance = random.Random(0)
    rows = ["cup,origin,altitude,notes,liked"]
    for cup in range(400):
        origin = chance.choice(["Kenya", "Peru", "Laos"])
        rows.append(f"{cup},{origin},{chance.randint(800, 2200)},citrus|nut,{'yes' if origin == 'Kenya' else 'no'}")
    rows.append("400,Peru,-5,nut,no")
    (tmp_path / "cups.csv").write_text("\n".join(rows) + "\n")
    path = {"PYTHONPATH": str(tmp_path)}

    told = command("ingest", "coffee", "--cups", "cups.csv", "--out", "data", "--json", cwd=tmp_path, **path).json
    assert (told["read"], told["written"], told["quarantined"]) == (401, 400, 1)
    words = ["train", "coffee", "--dataset", "data", "--out", "runs/a", "--set", "learning_rate=0.01", "--json"]
    trained = command(*words, cwd=tmp_path, **path)
    assert trained.status == 0, trained.err
    evaluated = command("evaluate", "a", "--json", cwd=tmp_path, **path).json["metrics"]["test"]
    assert evaluated["model"]["auc"] > 0.99 > evaluated["prior"]["auc"]
    exported = command("export", "a", "--lite", "dynamic", "--json", cwd=tmp_path, **path)
    assert exported.status == 0, exported.err
    assert exported.json["lite"][0]["agreement"] > 0.98
    assert "# Coffee" in (tmp_path / "runs/a/card.md").read_text()
