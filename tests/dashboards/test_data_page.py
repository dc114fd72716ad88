"""The page of data."""

import shutil
from pathlib import Path

from streamlit.testing.v1 import AppTest

from dashboards.parts.drift import drift_rows, share_rows
from gristmill.data.reports import Comparison, FeatureDrift, Thresholds


def open_page() -> AppTest:
    page = AppTest.from_string("from dashboards import data\ndata.page()", default_timeout=60).run()
    assert not page.exception
    return page


def texts(page: AppTest) -> str:
    return "\n".join(item.value for item in page.markdown)


def test_without_datasets_the_page_names_the_commands() -> None:
    page = open_page()
    assert "There are no datasets" in page.info[0].value
    assert "gristmill ingest recommend --interactions FILE" in page.code[0].value


def test_counts_add_up_and_the_licence_is_named(dataset: Path) -> None:
    page = open_page()
    assert [(item.label, item.value) for item in page.metric] == [
        ("Read", "31"),
        ("Written", "30"),
        ("Quarantined", "1"),
    ]
    assert "**Licence**: CC0" in texts(page)
    sources = page.dataframe[0].value
    assert sources["File"].tolist() == ["events.csv", "films.csv"]
    assert (sources["Read"] == sources["Written"] + sources["Quarantined"]).all()
    assert page.dataframe[1].value.set_index("Name")["Records"]["items"] == 5


def test_every_feature_has_statistics(dataset: Path) -> None:
    page = open_page()
    feature = next(box for box in page.selectbox if box.label == "Feature")
    assert {"user", "item", "rating", "time", "items · title"} <= set(feature.options)
    for name in feature.options:
        next(box for box in page.selectbox if box.label == "Feature").select(name).run()
        assert not page.exception and not page.error
        assert "| Split | Values |" in texts(page)


def test_a_vocabulary_is_searched_by_title(dataset: Path) -> None:
    page = open_page()
    next(box for box in page.selectbox if box.label == "Vocabulary").select("item").run()
    page.text_input[0].input("CASA").run()
    assert not page.exception
    found = next(table.value for table in page.dataframe if "Rank" in table.value)
    assert found[["Term", "Name"]].to_numpy().tolist() == [["c", "Casablanca"]]


def test_quarantined_records_are_shown_as_they_came(dataset: Path) -> None:
    rows = next(table.value for table in open_page().dataframe if "Record" in table.value)
    assert rows["File"].tolist() == ["events.csv"]
    assert "anna,a,five" in rows["Record"][0] and "'five'" in rows["Reason"][0]


def test_a_broken_dataset_names_its_file(dataset: Path) -> None:
    next(dataset.glob("train-*")).write_bytes(b"cut")
    page = open_page()
    [error] = page.error
    assert "train-00000" in error.value
    assert not page.metric


def test_two_splits_are_compared(dataset: Path) -> None:
    page = open_page()
    first, second = (next(box for box in page.selectbox if box.label == label) for label in "AB")
    assert list(first.options) == ["train", "validation"]
    assert list(second.options) == ["validation"]
    assert not page.exception and not page.error
    rows = next(table.value for table in page.dataframe if "PSI" in table.value).set_index("Feature")
    assert {"user", "item", "rating", "time", "position"} <= set(rows.index)
    assert rows["Drift"]["user"] == "not judged"
    charted = next(box for box in page.selectbox if box.label == "Shares of")
    for name in charted.options:
        next(box for box in page.selectbox if box.label == "Shares of").select(name).run()
        assert not page.exception and not page.error


def test_another_dataset_is_compared_with(dataset: Path) -> None:
    shutil.copytree(dataset, dataset.with_name("again"))
    page = open_page()
    box = next(box for box in page.selectbox if box.label == "B")
    box.select(next(name for name in box.options if name.startswith("all of"))).run()
    assert not page.exception and not page.error
    assert any("PSI" in table.value for table in page.dataframe)


def test_drift_is_told_in_rows() -> None:
    made = Comparison(
        "a", "b", (10, 20), Thresholds(),
        features=(
            FeatureDrift("tags", "length", "sequence", (0.0, 0.5), 0.3, 0.2, 0.1, ("PSI 0.300 > 0.2",), told="median 1 → 2",
                         shares=(("≤ 1", 0.75, 0.25), ("> 1", 0.25, 0.75))),
            FeatureDrift("user", "values", "id", (0.0, 0.0), 9.0, 1.0, 1.0, ("PSI 9.000 > 0.2",), judged=False),
        ),
        mismatches=(("old", "only in a"),),
    )  # fmt: skip
    rows = drift_rows(made)
    assert [(row["Feature"], row["Drift"]) for row in rows] == [
        ("tags (length)", "yes"),
        ("user", "not judged"),
        ("old", "yes"),
    ]
    assert rows[2]["What changed"] == "cannot be compared: only in a"
    assert share_rows(made.features[0], ("A", "B"))[:2] == [
        {"bin": "≤ 1", "side": "A", "share": 0.75},
        {"bin": "≤ 1", "side": "B", "share": 0.25},
    ]
