"""The page of translation: a text of one's own, scores beside peers, sentences by length, errors, and the corpus."""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from apps.translation.evaluation import Apertium
from dashboards.parts.folders import runs_root, stamp
from dashboards.parts.messages import errors_shown, show_empty
from dashboards.parts.translation_corpus import show_corpus
from dashboards.parts.translation_errors import show_errors
from dashboards.parts.translation_lengths import show_lengths
from dashboards.parts.translation_runs import Chosen, find_apertium, lite_files, load_model
from dashboards.parts.translation_scores import show_scores
from dashboards.parts.translation_translate import show_translate
from dashboards.runs import load_run, load_runs
from gristmill.errors import GristmillError
from gristmill.runs import Run

__all__ = ["page"]

_APP = "translation"
_MAKE = "gristmill run translation"
_SECTIONS = {
    "Translate": show_translate,
    "Scores": show_scores,
    "By length": show_lengths,
    "Errors": show_errors,
    "Corpus": show_corpus,
}


def page() -> None:
    """Shows the page; only the open tab is computed."""
    st.title("Translation", anchor=False)
    st.markdown("Type a text and look inside its translation; see how good runs and peers are, and where they fail.")
    root = runs_root()
    with errors_shown():
        runs = load_runs(root, stamp(root))
        broken = sum(bool(run.problem) for run in runs)
        if broken:
            st.warning(f"{broken} of {len(runs)} runs cannot be used; the page Runs tells why.")
        usable = {run.name: run.path for run in runs if not run.problem and run.app == _APP}
        if not usable:
            show_empty(f"There are no runs of translation in `{root}` yet. This makes one:", _MAKE)
            return
        chosen = _choose(usable)
        for title, tab in zip(
            _SECTIONS, st.tabs(list(_SECTIONS), key=f"part of {_APP}", on_change="rerun"), strict=True
        ):
            if tab.open:
                with tab, errors_shown():
                    _SECTIONS[title](chosen)


def _choose(paths: Mapping[str, Path]) -> Chosen:
    """Lets the reader choose a run, and others and Apertium beside it."""
    left, right = st.columns(2)
    runs = {name: load_run(path, stamp(path)) for name, path in paths.items()}
    first = next((place for place, run in enumerate(runs.values()) if lite_files(run)), 0)
    name = left.selectbox("Run", list(runs), index=first)
    apertium = _apertium(runs[name])
    others = [other for other in runs if other != name]
    names = right.multiselect(
        "Compare with",
        [*others, *([apertium.name] if apertium else [])],
        key=f"beside {name}",
        help="Other runs, and Apertium where it is installed with the languages.",
    )
    beside = {other: runs[other] for other in names if other in runs}
    return Chosen(name, runs[name], beside, apertium if apertium and apertium.name in names else None)


def _apertium(run: Run) -> Apertium | None:
    """Apertium for the languages of the run's lite file; None where it has none, or one that is damaged."""
    try:
        for file in lite_files(run)[:1]:
            model = load_model(run.file(file), stamp(run.path))
            return find_apertium(model.source_language, model.target_language)
    except GristmillError:
        return None
    return None
