"""The page of data: what a dataset holds, where it came from, how its parts differ, and what was set aside."""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from dashboards.parts.data_sections import show_origin, show_quarantine, show_statistics, show_vocabularies
from dashboards.parts.drift_sections import show_drift
from dashboards.parts.folders import Stamp, dataset_folders, datasets_root, stamp
from dashboards.parts.messages import errors_shown, show_empty
from dashboards.parts.pairs import read_report
from dashboards.parts.pairs_sections import show_pairs
from dashboards.parts.quarantine import Quarantine, read_quarantine
from gristmill.data.dataset import Dataset
from gristmill.data.reports import Comparison

__all__ = ["load_comparison", "load_dataset", "page"]


@st.cache_data(show_spinner="Checking the files of the dataset …", max_entries=8)
def load_dataset(folder: Path, mark: Stamp) -> tuple[Dataset, Quarantine]:
    """A dataset, checked against its hashes, and its quarantine; `mark` is the folder's state."""
    dataset = Dataset.open(folder)
    return dataset, read_quarantine(dataset)


@st.cache_data(show_spinner="Comparing …", max_entries=32)
def load_comparison(a: str, b: str, marks: tuple[Stamp, Stamp]) -> Comparison:
    """The comparison of two datasets or splits; `marks` are their folders' states."""
    from pipelines.survey import compare

    return compare(a, b)


def page() -> None:
    """Shows the page."""
    st.title("Data", anchor=False)
    st.markdown("What a dataset holds, where it came from, how its parts differ, and what was set aside.")
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
        _show(dataset, quarantine, {other: path for other, path in folders.items() if other != name})


def _show(dataset: Dataset, quarantine: Quarantine, others: Mapping[str, Path]) -> None:
    manifest = dataset.manifest
    for column, (title, count) in zip(
        st.columns(3),
        (("Read", manifest.read), ("Written", manifest.written), ("Quarantined", manifest.quarantined)),
        strict=True,
    ):
        column.metric(title, f"{count:,}")
    report = read_report(dataset)
    names = ["Origin", "Statistics", "Vocabularies", "Drift", "Quarantine", *(["Pairs"] if report else [])]
    origin, statistics, vocabularies, drift, aside, *pairs = st.tabs(names)
    with origin:
        show_origin(dataset)
    with statistics:
        show_statistics(dataset)
    with vocabularies:
        show_vocabularies(dataset)
    with drift, errors_shown():
        _compare(dataset, others)
    with aside:
        show_quarantine(quarantine)
    if report:
        with pairs[0]:
            show_pairs(report)


def _compare(dataset: Dataset, others: Mapping[str, Path]) -> None:
    """Lets the reader choose two splits, or a split and another dataset, and shows how they differ."""
    splits = [name for name, records in dataset.manifest.split_records.items() if records]
    sides = {name: (f"{dataset.path}:{name}", dataset.path) for name in splits}
    sides |= {f"all of {name}": (str(path), path) for name, path in others.items()}
    if len(sides) < 2 or not splits:
        st.info("There is nothing to compare with: the dataset has one split, and no other dataset is here.")
        return
    left, right = st.columns(2)
    first = left.selectbox("A", splits)
    second = right.selectbox("B", [name for name in sides if name != first])
    (a, here), (b, there) = sides[first], sides[second]
    show_drift(load_comparison(a, b, (stamp(here), stamp(there))))
