"""The app's record: everything that it names is there, and its presets are settings."""

from importlib import import_module

import pytest

from apps.translation import app
from gristmill.app import find_app

NAMED = sorted(
    {
        value.__name__
        for record in (app, *app.tasks)
        for value in vars(record).values()
        if callable(value) and ":" in getattr(value, "__name__", "")
    }
)


@pytest.mark.parametrize("path", NAMED)
def test_what_the_record_names_is_there(path: str) -> None:
    module, _, name = path.partition(":")
    assert callable(getattr(import_module(module), name))


@pytest.mark.parametrize("preset", app.presets)
def test_presets_are_settings(preset: str) -> None:
    assert app.configure(preset, ["training.epochs=1"]).training.epochs == 1


def test_it_is_found_by_its_name() -> None:
    assert find_app("translation") is app
