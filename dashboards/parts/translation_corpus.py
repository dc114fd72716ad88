"""The corpus that the run learnt from: pairs by origin, and what cleaning dropped and why."""

import streamlit as st

from dashboards.data import load_dataset
from dashboards.parts.folders import datasets_root, find_dataset, stamp
from dashboards.parts.messages import plain, show_empty
from dashboards.parts.pairs import read_report
from dashboards.parts.pairs_sections import show_pairs
from dashboards.parts.translation_runs import Chosen
from gristmill.errors import InputError

__all__ = ["show_corpus"]


def show_corpus(chosen: Chosen) -> None:
    """The report of the run's dataset, where it is found."""
    try:
        folder = find_dataset(chosen.run, datasets_root())
    except InputError as error:
        st.warning(plain(str(error)))
        show_empty("Where it lies in another folder, this shows it:", "gristmill dashboard --datasets FOLDER")
        return
    dataset, _ = load_dataset(folder, stamp(folder))
    report = read_report(dataset)
    if report is None:
        st.info("This dataset has no report of its pairs: `gristmill ingest translation` writes it.")
        return
    st.caption(f"{plain(str(folder))}: the page Data shows its statistics, drift and quarantine.")
    show_pairs(report)
