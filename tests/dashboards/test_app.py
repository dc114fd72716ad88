"""Navigation, and the pages that apps bring."""

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboards.parts import app_pages
from gristmill.errors import InputError

APP = Path(app_pages.__file__).parents[1] / "app.py"
BRINGS_A_PAGE = """
from dataclasses import replace
from apps.recommend import app as known
import streamlit as st

app = replace(known, name="mine", page="{page}")

def page():
    st.title("A page of my own")
"""


def show_page_of(point: EntryPoint) -> AppTest:
    """Runs the page of one entry point."""

    def script(name: str, value: str, group: str) -> None:
        from importlib.metadata import EntryPoint

        from dashboards.parts.app_pages import page_of

        page = page_of(EntryPoint(name, value, group))
        assert page is not None
        page()

    return AppTest.from_function(script, args=(point.name, point.value, point.group)).run()


def test_the_dashboard_opens_on_its_first_page() -> None:
    page = AppTest.from_file(str(APP), default_timeout=60).run()
    assert not page.exception
    assert page.title[0].value == "Runs"


def test_an_app_of_somebody_else_brings_its_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "brings_a_page.py").write_text(BRINGS_A_PAGE.format(page="brings_a_page:page"))
    monkeypatch.syspath_prepend(tmp_path)
    shown = show_page_of(EntryPoint("mine", "brings_a_page:app", "gristmill.apps"))
    assert shown.title[0].value == "A page of my own"


def test_an_app_that_cannot_be_imported_says_so_on_its_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "breaks_on_import.py").write_text("import surely_not_installed")
    monkeypatch.syspath_prepend(tmp_path)
    shown = show_page_of(EntryPoint("mine", "breaks_on_import:app", "gristmill.apps"))
    assert not shown.exception
    assert "surely" in shown.error[0].value and "ModuleNotFoundError" in shown.error[0].value


@pytest.mark.parametrize("path", ["dashboards.runs", "dashboards.runs:nothing", ":page"])
def test_a_wrong_path_of_a_page_is_refused(path: str) -> None:
    with pytest.raises(InputError):
        app_pages.load_page(path)
