"""The page of the recommender: what it and the baselines recommend to a user or to one's own history."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from apps.recommend.config import RecommendConfig
from dashboards.parts.folders import Stamp, datasets_root, find_dataset, runs_root, stamp
from dashboards.parts.messages import errors_shown, plain, show_empty
from dashboards.parts.quality import main_metrics, measured, system_title
from dashboards.parts.run_sections import show_lite, show_quality
from dashboards.recommending import (
    Baselines,
    Catalogue,
    Recommendation,
    lite_files,
    recommend,
    recommend_baselines,
)
from dashboards.runs import load_run, load_runs
from gristmill.data.dataset import Dataset
from gristmill.errors import GristmillError
from gristmill.lite import LiteModel
from gristmill.runs import Run

__all__ = ["load_baselines", "load_lite", "page"]

_APP = "recommend"
_SHOWN = 10
_LISTS_A_ROW = 3
_CHARTS = 9
_MOST_CHOICES = 5000


@st.cache_resource(show_spinner="Loading the lite file …", max_entries=8)
def load_lite(path: Path, mark: Stamp) -> tuple[LiteModel, Catalogue]:
    """A lite file, ready to run, with the titles in it; `mark` is the run's state."""
    lite = LiteModel(path)
    return lite, Catalogue.of(lite)


@st.cache_resource(show_spinner="Fitting the baselines on the dataset …", max_entries=2)
def load_baselines(folder: Path, mark: Stamp, cold_below: int) -> Baselines:
    """The baselines, fitted on a dataset; `mark` is the folder's state."""
    return Baselines.fit(Dataset.open(folder), cold_below)


def page() -> None:
    """Shows the page."""
    st.title("Recommend", anchor=False)
    st.markdown("What the lite file recommends to a user, or to a history of your own, beside the baselines.")
    root = runs_root()
    with errors_shown():
        usable = {run.name: run.path for run in load_runs(root, stamp(root)) if not run.problem and run.app == _APP}
        if not usable:
            sentence = f"There are no runs of the recommender in `{root}` yet. This makes one:"
            show_empty(sentence, "gristmill run recommend")
            return
        left, right = st.columns(2)
        path = usable[left.selectbox("Run", list(usable), index=_first_with_lite(list(usable.values())))]
        run = load_run(path, stamp(path))
        files = lite_files(run)
        if not files:
            show_empty("This run has no lite files yet. This makes them:", f"gristmill export {path}")
        else:
            file = right.selectbox("Lite file", files, format_func=lambda name: name.removeprefix("lite/"))
            _show_recommendations(run, *load_lite(run.file(file), stamp(path)))
        _show_quality(run)


def _first_with_lite(paths: Sequence[Path]) -> int:
    return next((place for place, path in enumerate(paths) if lite_files(load_run(path, stamp(path)))), 0)


def _show_recommendations(run: Run, lite: LiteModel, catalogue: Catalogue) -> None:
    baselines = _fitted(run)
    history, target = _choose_history(catalogue, baselines)
    if not history:
        st.info("Choose at least one item.")
        return
    lists = {"model": recommend(lite, catalogue, history, _SHOWN)}
    if baselines is not None:
        lists |= recommend_baselines(baselines.scorers, catalogue, history, _SHOWN)
    st.markdown(f"**{_SHOWN} recommendations of each system**; scores compare within one list only")
    for start in range(0, len(lists), _LISTS_A_ROW):
        chosen = list(lists.items())[start : start + _LISTS_A_ROW]
        for column, (system, items) in zip(st.columns(_LISTS_A_ROW), chosen, strict=False):
            with column:
                _show_list(system, items, target)


def _fitted(run: Run) -> Baselines | None:
    """The fitted baselines, or None and why there are none."""
    try:
        folder = find_dataset(run, datasets_root())
        cold_below = int(run.config.get("settings", {}).get("cold_below", RecommendConfig().cold_below))
        return load_baselines(folder, stamp(folder), cold_below)
    except GristmillError as error:
        st.warning(f"No users and no baselines: {plain(str(error))}")
        return None


def _choose_history(catalogue: Catalogue, baselines: Baselines | None) -> tuple[list[int], int | None]:
    """The history to recommend to, oldest first, and the item that really came next, where that is known."""
    own, of_user = "A history of your own", "A user of the dataset"
    ways = [of_user, own] if baselines is not None else [own]
    way = st.radio("Recommend to", ways, horizontal=True)
    if baselines is None or way == own:
        shown = range(1, min(len(catalogue.items), _MOST_CHOICES) + 1)
        return st.multiselect("History, oldest first", shown, format_func=catalogue.title), None
    left, right = st.columns(2)
    user = left.selectbox("User", range(len(baselines.events.users)), format_func=baselines.events.users.__getitem__)
    events = [int(item) for item in baselines.events.histories[user]]
    hide = right.toggle("Hide the last event, and see who guesses it", value=True) and len(events) > 1
    history, target = (events[:-1], events[-1]) if hide else (events, None)
    last = " · ".join(plain(catalogue.title(item)) for item in history[: -_SHOWN - 1 : -1])
    st.markdown(f"**{len(history)} events, the last ones first**: {last}")
    if target is not None:
        st.markdown(f"**What really came next**: {plain(catalogue.title(target))}")
    return history, target


def _show_list(system: str, items: Sequence[Recommendation], target: int | None) -> None:
    places = {item.item: place for place, item in enumerate(items, start=1)}
    guessed = f" · right at rank {places[target]}" if target in places else ""
    st.markdown(f"**{plain(system_title(system))}**{guessed}")
    rows = [
        {"Rank": place, "Title": f"{'✓ ' if item.item == target else ''}{item.title}", "Score": item.score}
        for place, item in enumerate(items, start=1)
    ]
    form = {
        "Rank": st.column_config.Column(width=45),
        "Title": st.column_config.Column(width=180),
        "Score": st.column_config.NumberColumn(format="%.3g", width=70),
    }
    st.dataframe(rows, hide_index=True, column_config=form, height=35 * len(rows) + 38)


def _show_quality(run: Run) -> None:
    splits = list(run.metrics)
    if splits:
        split = "test" if "test" in splits else splits[0]
        st.subheader(f"Quality on {split}", anchor=False)
        names = measured(run.metrics[split].values())
        show_quality({run.name: run}, split, main_metrics(_APP, names, _CHARTS))
    if run.lite:
        st.subheader("Lite files", anchor=False)
        show_lite(run)
