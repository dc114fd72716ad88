"""The page of runs."""

from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest


def open_page() -> AppTest:
    page = AppTest.from_string("from dashboards import runs\nruns.page()", default_timeout=60).run()
    assert not page.exception
    return page


def texts(page: AppTest) -> str:
    return "\n".join(item.value for item in page.markdown)


def test_without_runs_the_page_names_the_command() -> None:
    page = open_page()
    assert "There are no runs" in page.info[0].value
    assert page.code[0].value == "gristmill run recommend"


def test_a_run_is_listed_and_shown_against_the_baselines(make_run: Callable[..., Path]) -> None:
    make_run("first")
    page = open_page()
    listed = page.dataframe[0].value
    assert listed["Run"].tolist() == ["first"]
    assert listed["NDCG@10"].tolist() == [0.0649]
    assert "| Recall@10 | 0.1220 | 0.0500 | **0.2010** |" in texts(page)
    assert "| Cold users | 3 | 3 | 3 |" in texts(page)
    assert "| retrieval-f32.tflite | f32 | 1.2 kB | 65 µs |" in texts(page)
    assert "### Films" in texts(page) and r"Costs \$5." in texts(page)
    assert not page.error


def test_the_split_can_be_chosen(make_run: Callable[..., Path]) -> None:
    make_run("first")
    page = open_page()
    assert page.selectbox[0].value == "test"
    page.selectbox[0].select("validation").run()
    assert not page.exception
    assert "| NDCG@10 | 0.0700 |" in texts(page)


def test_two_runs_are_compared(make_run: Callable[..., Path]) -> None:
    make_run("first")
    make_run("second", seed=8)
    page = open_page()
    page.multiselect[0].set_value(["first", "second"]).run()
    assert not page.exception
    assert "**Our model on test: second minus first**" in texts(page)
    assert "| NDCG@10 | 0.0649 | 0.0649 | +0.0000 |" in texts(page)
    assert "| `seed` | 7 | 8 |" in texts(page)
    assert not page.warning


def test_runs_on_other_data_are_marked(make_run: Callable[..., Path]) -> None:
    make_run("first")
    make_run("second", origin={"name": "films", "manifest_sha256": "cd" * 32})
    page = open_page()
    page.multiselect[0].set_value(["first", "second"]).run()
    assert "different datasets" in page.warning[0].value


def test_no_run_chosen_shows_a_sentence(make_run: Callable[..., Path]) -> None:
    make_run("first")
    page = open_page()
    page.multiselect[0].set_value([]).run()
    assert not page.exception
    assert "Choose one run" in page.info[0].value


def test_a_broken_run_is_named_with_its_reason(make_run: Callable[..., Path]) -> None:
    make_run("whole")
    path = make_run("spoiled") / "metrics.json"
    path.write_text(path.read_text().replace("0.0649", "0.9999"))
    page = open_page()
    assert page.dataframe[0].value["Run"].tolist() == ["whole"]
    [error] = page.error
    assert "spoiled" in error.value and "metrics.json" in error.value
    assert "Traceback" not in error.value


def test_a_run_that_breaks_while_the_page_is_open_is_seen(make_run: Callable[..., Path]) -> None:
    path = make_run("first")
    page = open_page()
    (path / "card.md").write_text("another")
    page.run()
    assert not page.exception
    assert "card.md" in page.error[0].value
