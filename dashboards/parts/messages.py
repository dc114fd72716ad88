"""What a page says where there is nothing to show, or where something is broken."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from gristmill.errors import GristmillError

__all__ = ["card_text", "errors_shown", "plain", "show_empty"]

_MARKS = re.compile(r"([\\*_~$\[\]<>#:|])")
_HEAD = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_HEADING = re.compile(r"^#", re.MULTILINE)
_IMAGE = re.compile(r"!(?=\[[^\]]*\]\()")


@contextmanager
def errors_shown() -> Iterator[None]:
    """Shows the text of a `GristmillError` in the place of what the body would have shown."""
    try:
        yield
    except GristmillError as error:
        st.error(plain(str(error)))


def show_empty(sentence: str, command: str) -> None:
    """Says that there is nothing to show yet, and which command makes it."""
    st.info(sentence)
    st.code(command, language="shell")


def plain(text: str) -> str:
    """The Markdown that shows a text as it is; only what stands between backticks becomes code."""
    parts = text.replace("\n", "  \n").split("`")
    if len(parts) % 2 == 0:
        return _MARKS.sub(r"\\\1", text.replace("`", "'"))
    return "`".join(part if index % 2 else _MARKS.sub(r"\\\1", part) for index, part in enumerate(parts))


def card_text(card: str) -> str:
    """A model card for the page: no YAML head, small headings, pictures as links (none is loaded)."""
    parts = _IMAGE.sub("", _HEAD.sub("", card)).split("```")
    return "```".join(part if index % 2 else _prose(part) for index, part in enumerate(parts)).strip()


def _prose(text: str) -> str:
    return _HEADING.sub("###", text).replace("$", r"\$")
