"""Where the run fails the most, and where it and another system differ the most."""

from collections.abc import Sequence

import streamlit as st

from apps.translation.evaluation import Example, Kept, largest_differences, largest_errors
from dashboards.parts.messages import plain
from dashboards.parts.quality import Row
from dashboards.parts.translation_runs import Chosen, choose_split, translations

__all__ = ["difference_rows", "error_rows", "show_errors"]

_COUNTS = (10, 25, 100)
_WIDTH = 880
"""Of all columns of texts together, pixels."""
_ROW = 60
"""Pixels, for two lines of text."""


@st.cache_data(show_spinner="Scoring each sentence …", max_entries=16)
def _errors(kept: Kept, count: int) -> list[Example]:
    return largest_errors(kept.sources, kept.references, kept.translations, count)


@st.cache_data(show_spinner="Scoring each sentence …", max_entries=16)
def _differences(kept: Kept, theirs: tuple[str, ...], count: int) -> tuple[list[Example], list[Example]]:
    return largest_differences(kept.sources, kept.references, kept.translations, theirs, count)


def error_rows(examples: Sequence[Example]) -> list[Row]:
    """A row for each sentence of one system."""
    return [
        {
            "Line": one.number,
            "chrF": one.our_score,
            "Source": one.source,
            "Reference": one.reference,
            "Translation": one.ours,
        }
        for one in examples
    ]


def difference_rows(examples: Sequence[Example], ours: str, theirs: str) -> list[Row]:
    """A row for each sentence of two systems."""
    return [
        {
            "Line": one.number,
            "chrF": one.our_score,
            "Other's": one.their_score,
            "Source": one.source,
            "Reference": one.reference,
            ours: one.ours,
            theirs: one.theirs,
        }
        for one in examples
    ]


def show_errors(chosen: Chosen) -> None:
    """The sentences with the lowest chrF, and those on which another system is ahead or behind the most."""
    split = choose_split(chosen.run, "split of errors")
    if split is None:
        return
    kept, systems = translations(chosen, split)
    count = st.radio("Sentences", _COUNTS, horizontal=True)
    st.markdown(f"**The lowest chrF of {len(kept.sources):,} sentences of {split}**, of {plain(chosen.name)}")
    _show_table(error_rows(_errors(kept, count)))
    others = list(systems)[1:]
    if not others:
        st.info("Choose something to compare with at the top to see where the two differ the most.")
        return
    other = st.selectbox("Differences from", others)
    ahead, behind = _differences(kept, tuple(systems[other]), count)
    for side, examples in (("ahead", ahead), ("behind", behind)):
        st.markdown(f"**Where {plain(chosen.name)} is {side} of {plain(other)} the most**, by chrF")
        if examples:
            _show_table(difference_rows(examples, chosen.name, other))
        else:
            st.caption("On no sentence.")


def _show_table(rows: Sequence[Row]) -> None:
    numbers = {
        "Line": st.column_config.NumberColumn(width=50),
        "chrF": st.column_config.NumberColumn(format="%.1f", width=60),
        "Other's": st.column_config.NumberColumn(format="%.1f", width=70),
    }
    texts = [name for name in rows[0] if name not in numbers]
    form = numbers | {name: st.column_config.Column(width=_WIDTH // len(texts)) for name in texts}
    st.dataframe(list(rows), hide_index=True, column_config=form, row_height=_ROW)
