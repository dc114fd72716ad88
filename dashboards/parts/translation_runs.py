"""What the page of translation shows: a run and what it is compared with, their kept translations and their lite files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from apps.translation.evaluation import TRANSLATIONS, Apertium, Kept, read_kept
from apps.translation.opened import OpenedModel, open_model
from dashboards.parts.folders import Stamp, stamp
from dashboards.parts.messages import plain, show_empty
from gristmill.errors import InputError
from gristmill.runs import Run

__all__ = [
    "Chosen",
    "choose_split",
    "find_apertium",
    "kept_splits",
    "lite_files",
    "load_kept",
    "load_model",
    "translate_by_apertium",
    "translations",
]

_FOLDER = "evaluation"


@dataclass(frozen=True)
class Chosen:
    """What the reader chose to look at."""

    name: str
    run: Run
    others: Mapping[str, Run]
    """Runs beside it, by name."""
    apertium: Apertium | None = None
    """Beside it as well, where it is installed."""


@st.cache_data(show_spinner=False, max_entries=32)
def load_kept(path: Path, mark: Stamp) -> Kept:
    """The translations that an evaluation kept with a run; `mark` is the run's state."""
    return read_kept(path)


@st.cache_resource(show_spinner="Loading the lite file …", max_entries=8)
def load_model(path: Path, mark: Stamp) -> OpenedModel:
    """A lite file, ready to translate; `mark` is the run's state."""
    return open_model(str(path))


@st.cache_resource(show_spinner=False, ttl=60)
def find_apertium(source: str, target: str) -> Apertium | None:
    """Apertium, where it is installed with the pair."""
    try:
        return Apertium(source, target)
    except InputError:
        return None


@st.cache_data(show_spinner="Translating with Apertium …", max_entries=16)
def translate_by_apertium(_apertium: Apertium, name: str, lines: tuple[str, ...]) -> tuple[str, ...]:
    """Lines as Apertium of that name translates them."""
    return tuple(_apertium.translate(lines))


def lite_files(run: Run) -> list[str]:
    """The run's lite files that passed the gate, the smallest first."""
    rows = sorted((row for row in run.lite if not row.get("refused")), key=lambda row: row.get("bytes") or 0)
    return [name for row in rows if (name := f"lite/{row['file']}") in run.files]


def kept_splits(run: Run) -> dict[str, Path]:
    """The files of kept translations, by split, that of `test` first."""
    names = [name for name in run.files if name.startswith(f"{_FOLDER}/") and name.endswith(f"/{TRANSLATIONS}")]
    by_split = {name.split("/")[1]: run.file(name) for name in names}
    return {split: by_split[split] for split in sorted(by_split, key=lambda split: (split != "test", split))}


def choose_split(run: Run, key: str) -> str | None:
    """The split whose kept translations are to be shown; None, and how to make some, where there are none."""
    splits = list(kept_splits(run))
    if not splits:
        show_empty(
            "This run keeps no translations of a test set yet. This makes them:", f"gristmill evaluate {run.path}"
        )
        return None
    return st.selectbox("Split", splits, key=key) if len(splits) > 1 else splits[0]


def translations(chosen: Chosen, split: str) -> tuple[Kept, dict[str, Sequence[str]]]:
    """The run's test set, and its translation by each system, the run's own first.

    Says which of the others are left out, since they were measured on another test set or not at all.
    """
    kept = load_kept(kept_splits(chosen.run)[split], stamp(chosen.run.path))
    systems: dict[str, Sequence[str]] = {chosen.name: kept.translations}
    for name, run in chosen.others.items():
        path = kept_splits(run).get(split)
        other = load_kept(path, stamp(run.path)) if path else None
        if other and (other.sources, other.references) == (kept.sources, kept.references):
            systems[name] = other.translations
        else:
            why = "was measured on other sentences" if other else f"was not measured on {split}"
            st.warning(f"{plain(name)} is left out: it {why}.")
    if chosen.apertium:
        systems[chosen.apertium.name] = translate_by_apertium(chosen.apertium, chosen.apertium.name, kept.sources)
    return kept, systems
