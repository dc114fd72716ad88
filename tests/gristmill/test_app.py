"""Apps: found by entry point, configured by preset, and light until they work."""

import os.path
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import EntryPoint
from typing import Any

import pytest
from pydantic import BaseModel

from apps.recommend import app as recommend
from gristmill import app as room
from gristmill.app import ENTRY_POINTS, App, Task, find_app, find_data, later, list_apps
from gristmill.errors import InputError
from gristmill.gate import Gate


class Settings(BaseModel):
    size: int = 1


def nothing(*arguments: Any) -> Any:
    raise AssertionError("not called")


TASK = Task("guess", ("auc",), *[nothing] * 8, Gate("auc", 0.0))
APP = App(
    "made", "Made up.", {}, nothing, nothing, Settings, (TASK,), nothing, presets={"default": {}, "big": {"size": 9}}
)


@pytest.fixture
def entry_points(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EntryPoint]]:
    points: list[EntryPoint] = []
    monkeypatch.setattr(room, "entry_points", lambda group: points)
    list_apps.cache_clear()
    yield points
    list_apps.cache_clear()


def test_our_app_is_found_by_its_entry_point() -> None:
    assert find_app("recommend") is recommend


def test_an_unknown_app_gets_the_nearest() -> None:
    with pytest.raises(InputError, match="unknown app 'recomend'; did you mean 'recommend'"):
        find_app("recomend")


def test_apps_stand_in_order_and_a_broken_one_stops_no_other(entry_points: list[EntryPoint]) -> None:
    entry_points += [
        EntryPoint("recommend", "apps.recommend:app", ENTRY_POINTS),
        EntryPoint("absent", "no_such_module:app", ENTRY_POINTS),
    ]
    assert list(list_apps()) == ["recommend"]
    with pytest.raises(InputError, match=r"app absent \(no_such_module:app\) cannot be loaded: ModuleNotFoundError"):
        find_app("absent")


@pytest.mark.parametrize(
    ("name", "value", "came"),
    [("odd", "os.path:join", "function"), ("other", "apps.recommend:app", "the app recommend")],
)
def test_an_entry_point_must_give_an_app_of_its_name(
    entry_points: list[EntryPoint], name: str, value: str, came: str
) -> None:
    entry_points.append(EntryPoint(name, value, ENTRY_POINTS))
    with pytest.raises(InputError, match=f"entry point {name} = {value} must be an App of that name. Received: {came}"):
        find_app(name)


def test_a_preset_and_changes_make_the_config() -> None:
    assert APP.configure("default", []) == Settings(size=1)
    assert APP.configure("big", []) == Settings(size=9)
    assert APP.configure("big", ["size=3"]) == Settings(size=3)


def test_an_unknown_preset_task_or_data_set_gets_the_nearest(entry_points: list[EntryPoint]) -> None:
    with pytest.raises(InputError, match="unknown preset of made 'bigg'; did you mean 'big'"):
        APP.configure("bigg", [])
    with pytest.raises(InputError, match="unknown task of made 'gues'; did you mean 'guess'"):
        APP.task("gues")
    with pytest.raises(InputError, match="unknown data set 'x'; known: none"):
        find_data("x")
    entry_points.append(EntryPoint("recommend", "apps.recommend:app", ENTRY_POINTS))
    list_apps.cache_clear()
    with pytest.raises(InputError, match="unknown data set 'movielens'; did you mean 'movielens-100k'"):
        find_data("movielens")


def test_tasks_are_found_and_their_metrics_are_listed() -> None:
    assert APP.task("guess") is TASK
    assert APP.metric_groups == {"guess": ("auc",)}
    assert replace(APP, tasks=()).metric_groups == {}


def test_later_calls_the_function_it_names() -> None:
    assert later("os.path:join")("a", "b") == os.path.join("a", "b")
    assert later("os.path:join").__name__ == "os.path:join"


def test_later_imports_nothing_before_it_is_called() -> None:
    call = later("no.such.module:name")
    with pytest.raises(ModuleNotFoundError):
        call()


def test_the_record_of_an_app_loads_nothing_heavy() -> None:
    heavy = ("tensorflow", "keras", "apache_beam", "pandas", "sklearn", "streamlit")
    code = f"import sys, apps.recommend; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("app", list_apps().values(), ids=list(list_apps()))
class TestEveryApp:
    """Holds for each installed app."""

    def test_every_preset_is_valid_and_there_is_a_default(self, app: App) -> None:
        assert "default" in app.presets
        for preset in app.presets:
            assert isinstance(app.configure(preset, []), app.config_type)

    def test_its_config_comes_back_from_json(self, app: App) -> None:
        for preset in app.presets:
            config = app.configure(preset, [])
            assert app.config_type.model_validate_json(config.model_dump_json()) == config

    def test_its_config_is_frozen(self, app: App) -> None:
        assert app.config_type.model_config.get("frozen")

    def test_its_gates_watch_a_metric_that_is_shown(self, app: App) -> None:
        assert all(task.gate.metric in task.metrics for task in app.tasks)

    def test_every_function_that_it_names_is_there(self, app: App) -> None:
        from importlib import import_module

        parts = [app.ingest, app.card, *(getattr(task, name) for task in app.tasks for name in task.__annotations__)]
        paths = [part.__name__ for part in parts if ":" in getattr(part, "__name__", "")] + [app.page or ""]
        for path in filter(None, paths):
            module, _, name = path.partition(":")
            assert callable(getattr(import_module(module), name))

    def test_its_name_is_its_entry_point(self, app: App) -> None:
        assert list_apps()[app.name] is app
