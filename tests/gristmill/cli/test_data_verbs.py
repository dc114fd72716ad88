"""`gristmill data` as a user calls it: tables, one JSON object, exit statuses."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gristmill.schema import Schema

Command = Callable[..., Any]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files alike, one that drifted and has a bad record."""
    folder = tmp_path_factory.mktemp("files")
    for name, shift, bad in (("a", 0, ""), ("b", 0, ""), ("c", 3, "u1,red,many\n")):
        rows = [f"u{n % 50},{'red' if (n * 7 + shift) % 3 else 'blue'},{n % 11 + shift}" for n in range(400)]
        (folder / f"{name}.csv").write_text("user_id,colour,size\n" + "\n".join(rows) + "\n" + bad)
    return folder


def test_infer_writes_a_schema_and_never_over_one(files: Path, answer: Command) -> None:
    done = answer("data", "infer", "a.csv", "--out", "schema.yaml", "--values", "5", cwd=files)
    assert done.status == 0, done.err
    schema = Schema.load(files / "schema.yaml")
    assert {f.name: f.kind.value for f in schema.features} == {"user_id": "id", "colour": "category", "size": "number"}
    assert schema["colour"].values == ("blue", "red")
    again = answer("data", "infer", "a.csv", "--out", "schema.yaml", cwd=files)
    assert again.status == 2
    assert "schema.yaml exists; nothing is written over it" in again.err
    told = answer("data", "infer", "a.csv", "--json", "--rows", "all", cwd=files).json
    assert told["records"] == 400
    assert [feature["name"] for feature in told["schema"]["features"]] == ["user_id", "colour", "size"]


def test_validate_exits_1_where_a_record_is_invalid(files: Path, answer: Command) -> None:
    answer("data", "infer", "a.csv", "--out", "strict.yaml", cwd=files)
    good = answer("data", "validate", "a.csv", "b.csv", "--schema", "strict.yaml", "--json", cwd=files)
    assert (good.status, good.json["read"], good.json["ok"]) == (0, 800, True)
    bad = answer("data", "validate", "c.csv", "--schema", "strict.yaml", "--quiet", cwd=files)
    assert bad.status == 1
    assert "must be a whole number and present" in bad.out
    assert "c.csv:402" in bad.out and "'many'" in bad.out
    assert "read 401 = valid 400 + invalid 1" in bad.out
    assert answer("data", "validate", "c.csv", "--schema", "strict.yaml", "--max-invalid", "1%", cwd=files).status == 0
    gone = answer("data", "validate", "gone.csv", "--schema", "strict.yaml", "--json", cwd=files)
    assert (gone.status, gone.json["error"]["message"]) == (2, "gone.csv: no such file")


def test_compare_exits_1_on_drift(files: Path, answer: Command) -> None:
    same = answer("data", "compare", "a.csv", "b.csv", "--json", cwd=files)
    assert (same.status, same.json["drift"]) == (0, False)
    other = answer("data", "compare", "a.csv", "c.csv", "--quiet", cwd=files)
    assert other.status == 1
    assert "median 5 → 8" in other.out
    assert "1 of 401 records break a rule" in other.out
    assert answer("data", "compare", "a.csv", "c.csv", "--psi", "99", "--js", "1", "--linf", "1", cwd=files).status == 0
    assert answer("data", "compare", "a.csv", "c.csv", "--leave-out", "size", cwd=files).status == 0
    neither = answer("data", "compare", "a.csv", cwd=files)
    assert neither.status == 2
    assert "give either B or --splits. Received: neither" in neither.err


def test_describe_shows_files_and_datasets(files: Path, ingested: Any, work: Path, command: Command) -> None:
    done = command("data", "describe", "a.csv", "--quiet", cwd=files)
    assert done.status == 0, done.err
    assert "a.csv, records: 400 records" in done.out
    assert "u0 8, u1 8, u10 8" in done.out
    told = command("data", "describe", "data", "--split", "train", "--json", cwd=work).json
    assert list(told["statistics"]) == ["train"]
    assert told["statistics"]["train"]["rating"]["kind"] == "number"
    assert command("data", "compare", "data", "--splits", "train,test", "--leave-out", "time", cwd=work).status in (
        0,
        1,
    )
