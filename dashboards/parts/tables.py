"""Tables of texts, turned and rendered for a page."""

import streamlit as st

from dashboards.parts.messages import plain
from gristmill.runs import Table, markdown

__all__ = ["cell", "show_table", "style_tables", "turned"]

_STYLE = """<style>
[data-testid="stMarkdownContainer"] table {display: block; overflow-x: auto}
[data-testid="stMarkdownContainer"] td:first-child {white-space: nowrap}
[data-testid="stMarkdownContainer"] td[style*="right"] {white-space: nowrap}
</style>"""


def cell(text: str) -> str:
    """A cell of a table that shows a text as it is; `show_table` itself escapes the signs "|" and "$"."""
    return plain(text).replace(r"\|", "|").replace(r"\$", "$")


def turned(table: Table) -> Table:
    """The table with rows as columns; marks of the best stay at their cells."""
    columns = ("", *(row[0] for row in table.rows))
    rows = tuple((name, *(row[place] for row in table.rows)) for place, name in enumerate(table.columns[1:], start=1))
    return Table(columns, rows, frozenset((column - 1, row + 1) for row, column in table.best))


def show_table(table: Table) -> None:
    """Shows a small table, the best of a row or column in bold."""
    st.markdown(markdown(table).replace("$", r"\$"))


def style_tables() -> None:
    """Lets a table that is wider than the page scroll inside it, and keeps numbers on one line."""
    st.html(_STYLE)
