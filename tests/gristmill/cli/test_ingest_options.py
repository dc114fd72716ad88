"""The options that every ingestion has, as a user gives them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gristmill.cli.ingest_options import CommonOptions
from gristmill.data.dataset import Dataset
from gristmill.data.plan import Layout
from gristmill.errors import InputError

RATINGS = ("ingest", "recommend", "--interactions", "ratings.csv")


def test_a_packed_dataset_holds_the_same_records(ingested: Any, work: Path, command: Callable[..., Any]) -> None:
    options = ["--items", "items.csv", "--out", "packed", "--layout", "packed", "--compression", "none", "--json"]
    done = command(*RATINGS, *options, cwd=work)
    assert done.status == 0, done.err
    plain, packed = Dataset.open(work / "data"), Dataset.open(work / "packed")
    assert packed.manifest.layout == Layout(kind="packed", compression="none")
    assert packed.read("train").equals(plain.read("train"))


@pytest.mark.parametrize(
    ("limit", "most", "aside"),
    [
        ("0.1%", "0.1% of the records read", 1),  # passed while reading: duplicates are not looked for any more
        ("1", "1 records", 2),
    ],
)
def test_too_many_records_set_aside_stop_it_and_are_kept(
    limit: str, most: str, aside: int, work: Path, command: Callable[..., Any]
) -> None:
    done = command(*RATINGS, "--out", "strict", "--max-quarantined", limit, "--json", cwd=work)
    assert done.status == InputError.exit_status
    assert f"at most {most} may be set aside. Received: {aside} of 642" in done.json["error"]["message"]
    assert not (work / "strict").exists()
    assert len((work / "strict.quarantine/00000.jsonl").read_text().splitlines()) == aside


def test_an_estimate_writes_no_dataset(work: Path, command: Callable[..., Any]) -> None:
    done = command(*RATINGS, "--out", "guessed", "--estimate", "--rows", "1000000", "--json", cwd=work)
    assert done.status == 0, done.err
    told = done.json
    assert (told["rows"], told["workers"], told["sample_rows"]) == (1_000_000, 1, 642)
    assert min(told[name] for name in ("seconds", "cpu_seconds", "memory_bytes", "dataset_bytes")) > 0
    assert told["peak_disk_bytes"] >= told["dataset_bytes"]
    assert not (work / "guessed").exists()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"layout": "padded"}, "setting `kind`: .*Received: 'padded'"),
        ({"compression": "zip"}, "setting `compression`: .*Received: 'zip'"),
    ],
)
def test_an_option_that_breaks_a_rule_is_named(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        CommonOptions(**given).plan(object())  # type: ignore[arg-type]


def test_workers_are_at_least_one() -> None:
    with pytest.raises(InputError, match=r"setting `workers`: .*Received: 0"):
        _ = CommonOptions(workers=0).execution
