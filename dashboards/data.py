"""The page of data: what a dataset holds, where it came from, and what was set aside."""

from pathlib import Path

import streamlit as st

from dashboards.parts.data_sections import show_origin, show_quarantine, show_statistics, show_vocabularies
from dashboards.parts.folders import Stamp, dataset_folders, datasets_root, stamp
from dashboards.parts.messages import errors_shown, show_empty
from dashboards.parts.quarantine import Quarantine, read_quarantine
from gristmill.data.dataset import Dataset

__all__ = ["load_dataset", "page"]


@st.cache_data(show_spinner="Checking the files of the dataset …", max_entries=8)
def load_dataset(folder: Path, mark: Stamp) -> tuple[Dataset, Quarantine]:
    """A dataset, checked against its hashes, and its quarantine; `mark` is the folder's state."""
    dataset = Dataset.open(folder)
    return dataset, read_quarantine(dataset)


def page() -> None:
    """Shows the page."""
    st.title("Data", anchor=False)
    st.markdown("What a dataset holds, where it came from, and what was set aside.")
    root = datasets_root()
    folders = dataset_folders(root)
    if not folders:
        sentence = f"There are no datasets in `{root}` yet. One command makes one of known data, the other of yours:"
        show_empty(
            sentence,
            "gristmill run recommend\ngristmill ingest recommend --interactions FILE --out datasets/mine",
        )
        return
    name = st.selectbox("Dataset", list(folders))
    with errors_shown():
        dataset, quarantine = load_dataset(folders[name], stamp(folders[name]))
        _show(dataset, quarantine)


def _show(dataset: Dataset, quarantine: Quarantine) -> None:
    manifest = dataset.manifest
    for column, (title, count) in zip(
        st.columns(3),
        (("Read", manifest.read), ("Written", manifest.written), ("Quarantined", manifest.quarantined)),
        strict=True,
    ):
        column.metric(title, f"{count:,}")
    origin, statistics, vocabularies, aside = st.tabs(["Origin", "Statistics", "Vocabularies", "Quarantine"])
    with origin:
        show_origin(dataset)
    with statistics:
        show_statistics(dataset)
    with vocabularies:
        show_vocabularies(dataset)
    with aside:
        show_quarantine(quarantine)
