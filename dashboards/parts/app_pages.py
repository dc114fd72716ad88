"""The pages that apps bring: `App.page` is an import path, and each gets a place in the navigation."""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

import streamlit as st

from dashboards.parts.messages import plain
from gristmill.app import ENTRY_POINTS, App
from gristmill.errors import InputError

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage

__all__ = ["app_pages", "load_page", "page_of"]

_Page = Callable[[], None]


def app_pages() -> "list[StreamlitPage]":
    """A page for each app that has one; an app that cannot be imported has a page that says why."""
    points = sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name)
    shown = [(point.name, page) for point in points if (page := page_of(point)) is not None]
    return [st.Page(page, title=name.replace("_", " ").capitalize(), url_path=f"app-{name}") for name, page in shown]


def load_page(path: str) -> _Page:
    """The function that `module:function` names.

    Raises:
        InputError: The path has another form, or the module has no such function.
    """
    module, colon, function = path.partition(":")
    if not (module and colon and function):
        raise InputError(f"the page of an app must be written `module:function`. Received: {path!r}")
    page: _Page | None = getattr(import_module(module), function, None)
    if not callable(page):
        raise InputError(f"{module} has no function {function!r}")
    return page


def page_of(point: EntryPoint) -> _Page | None:
    """The page of an app, None where it has none; of an app that fails, a page that says why."""
    try:
        app = point.load()
        if not isinstance(app, App):
            raise InputError(f"{point.value} must be an App. Received: {type(app).__name__}")
        return load_page(app.page) if app.page else None
    except Exception as error:
        return partial(_broken_page, point.name, f"{type(error).__name__}: {error}")


def _broken_page(name: str, reason: str) -> None:
    st.title(name.replace("_", " ").capitalize())
    st.error(f"The page of the app `{name}` cannot be shown. {plain(reason)}")
