"""Tables of texts, turned and rendered for a page."""

import streamlit as st

from gristmill.runs import Table, markdown

__all__ = ["scroll_wide_tables", "show_table", "turned"]

_SCROLLED = "<style>[data-testid='stMarkdownContainer'] table {display: block; overflow-x: auto}</style>"


def turned(table: Table) -> Table:
    """The table with rows as columns; marks of the best stay at their cells."""
    columns = ("", *(row[0] for row in table.rows))
    rows = tuple(
        (name, *(row[place] for row in table.rows)) for place, name in enumerate(table.columns[1:], start=1)
    )
    return Table(columns, rows, frozenset((column - 1, row + 1) for row, column in table.best))


def show_table(table: Table) -> None:
    """Shows a small table, the best of a row or column in bold."""
    st.markdown(markdown(table).replace("$", r"\$"))


def scroll_wide_tables() -> None:
    """Lets a table that is wider than the page scroll inside it."""
    st.html(_SCROLLED)
