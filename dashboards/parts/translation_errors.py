"""Where the run fails the most, and where it and another system differ the most."""

from collections.abc import Sequence

import streamlit as st

from apps.translation.evaluation import Example, Kept, largest_differences, largest_errors
from dashboards.parts.messages import plain
from dashboards.parts.tables import cell, show_table
from dashboards.parts.translation_runs import Chosen, choose_split, translations
from gristmill.runs import Table

__all__ = ["difference_table", "error_table", "show_errors"]

_COUNTS = (10, 25, 100)


@st.cache_data(show_spinner="Scoring each sentence …", max_entries=16)
def _errors(kept: Kept, count: int) -> list[Example]:
    return largest_errors(kept.sources, kept.references, kept.translations, count)


@st.cache_data(show_spinner="Scoring each sentence …", max_entries=16)
def _differences(kept: Kept, theirs: tuple[str, ...], count: int) -> tuple[list[Example], list[Example]]:
    return largest_differences(kept.sources, kept.references, kept.translations, theirs, count)


def error_table(examples: Sequence[Example]) -> Table:
    """A row for each sentence of one system."""
    rows = [(str(one.number), f"{one.our_score:.1f}", *map(cell, _texts(one)[:3])) for one in examples]
    return Table(("Line", "chrF", "Source", "Reference", "Translation"), tuple(rows))


def difference_table(examples: Sequence[Example], ours: str, theirs: str) -> Table:
    """A row for each sentence of two systems, which are called by their names."""
    rows = [
        (str(one.number), f"{one.our_score:.1f}", f"{one.their_score:.1f}", *map(cell, _texts(one))) for one in examples
    ]
    return Table(("Line", "chrF", "Other's", "Source", "Reference", cell(ours), cell(theirs)), tuple(rows))


def _texts(one: Example) -> tuple[str, str, str, str]:
    return one.source, one.reference, one.ours, one.theirs


def show_errors(chosen: Chosen) -> None:
    """The sentences with the lowest chrF, and those on which another system is ahead or behind the most."""
    split = choose_split(chosen.run, "split of errors")
    if split is None:
        return
    kept, systems = translations(chosen, split)
    count = st.radio("Sentences", _COUNTS, horizontal=True)
    st.markdown(f"**The lowest chrF of {len(kept.sources):,} sentences of {split}**, of {plain(chosen.name)}")
    show_table(error_table(_errors(kept, count)))
    others = list(systems)[1:]
    if not others:
        st.info("Choose something to compare with at the top to see where the two differ the most.")
        return
    other = st.selectbox("Differences from", others)
    ahead, behind = _differences(kept, tuple(systems[other]), count)
    for side, examples in (("ahead of", ahead), ("behind", behind)):
        st.markdown(f"**Where {plain(chosen.name)} is {side} {plain(other)} the most**, by chrF")
        if examples:
            show_table(difference_table(examples, chosen.name, other))
        else:
            st.caption("On no sentence.")
