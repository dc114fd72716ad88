"""A corpus of pairs on the page of data."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from apps.translation.options import IngestOptions
from apps.translation.plan import make_plan
from dashboards.parts.pairs import length_rows, origin_rows, read_report, rule_rows
from gristmill.data.dataset import Dataset
from pipelines.ingest import ingest


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Forty pairs of two origins, a copy, a repeat, and one without a target."""
    rows = [
        (f"The {size} house has number {number}.", f"La casa {tamano} tiene el número {number}.", origin)
        for size, tamano, origin in (("old", "vieja", "one"), ("new", "nueva", "two"))
        for number in range(10, 30)
    ]
    rows += [("Wi-Fi", "wi-fi", "two"), rows[0], ("Nothing here", "", "one")]
    path = tmp_path / "pairs.tsv"
    path.write_text("en\tes\torigin\n" + "".join("\t".join(row) + "\n" for row in rows), "utf-8")
    out = tmp_path / "datasets" / "corpus"
    out.parent.mkdir()
    ingest(make_plan({"pairs": [str(path)]}, IngestOptions(pieces=400, held_out=0.2)), out)
    return out


def test_rows_say_what_was_dropped_of_which_origin(corpus: Path) -> None:
    report = read_report(Dataset.open(corpus))

    assert report
    assert [(row["Rule"], row["Dropped"]) for row in rule_rows(report)] == [
        ("missing", 1),
        ("copy", 1),
        ("duplicate", 1),
    ]
    assert rule_rows(report)[1]["Such as"] == "Wi-Fi → wi-fi → two"
    assert origin_rows(report) == [
        {"Origin": "one", "Read": 22, "Left": 20, "Missing": 1, "Copy": 0, "Duplicate": 1},
        {"Origin": "two", "Read": 21, "Left": 20, "Missing": 0, "Copy": 1, "Duplicate": 0},
    ]
    lengths = {row["term"]: row["count"] for row in length_rows(report)}
    assert lengths["6 to 10"] == 40
    assert sum(lengths.values()) == 40


def test_other_datasets_have_no_such_report(dataset: Path) -> None:
    assert read_report(Dataset.open(dataset)) is None


def test_the_page_of_data_shows_the_pairs(corpus: Path) -> None:
    page = AppTest.from_string("from dashboards import data\ndata.page()", default_timeout=60).run()

    assert not page.exception
    assert {(item.label, item.value) for item in page.metric} >= {("Languages", "en to es"), ("Pairs", "40")}
    assert any("Dropped" in table.value for table in page.dataframe)
    for name in ("source", "target_ids", "origin", "sentence"):
        next(box for box in page.selectbox if box.label == "Feature").select(name).run()
        assert not page.exception and not page.error
