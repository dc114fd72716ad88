"""How good the run is: its metrics beside peers and other runs, how sure a difference is, and its lite files."""

from collections.abc import Sequence

import streamlit as st

from apps.translation.evaluation import COLUMNS, SAMPLES, Report, evaluate
from dashboards.parts.messages import errors_shown, plain, show_empty
from dashboards.parts.quality import main_metrics, measured
from dashboards.parts.run_sections import show_lite, show_quality
from dashboards.parts.tables import cell, show_table
from dashboards.parts.translation_runs import Chosen, kept_splits, translations
from gristmill.files import read_json
from gristmill.runs import Table, compare
from gristmill.runs.tables import MISSING

__all__ = ["report_of", "show_scores"]

_CHARTS = 3


@st.cache_data(show_spinner="Comparing by paired bootstrap …", max_entries=16)
def report_of(
    systems: tuple[tuple[str, tuple[str, ...]], ...], sources: tuple[str, ...], references: tuple[str, ...]
) -> Report:
    """Scores of systems on a test set, each beside the first."""
    return evaluate(dict(systems), sources, references, examples=0)


def show_scores(chosen: Chosen) -> None:
    """Metrics beside those of peers and other runs, significance, signatures, and the lite files."""
    runs = {chosen.name: chosen.run, **chosen.others}
    splits = list(dict.fromkeys(split for run in runs.values() for split in run.metrics))
    if not splits:
        show_empty("This run was not measured yet. This does it:", f"gristmill evaluate {chosen.run.path}")
    else:
        test = splits.index("test") if "test" in splits else 0
        split = st.columns(2)[0].selectbox("Split", splits, index=test, key="scored split")
        _warn_of_other_data(chosen)
        names = measured(values for run in runs.values() for values in run.metrics.get(split, {}).values())
        show_quality(runs, split, main_metrics("translation", names, _CHARTS))
        with errors_shown():
            _show_significance(chosen, split)
            _show_signatures(chosen, split)
    for name, run in runs.items():
        st.subheader("Lite files" if len(runs) == 1 else f"Lite files of {plain(name)}", anchor=False)
        show_lite(run)


def _warn_of_other_data(chosen: Chosen) -> None:
    for name, run in chosen.others.items():
        if compare(chosen.run, run).same_data is False:
            st.warning(f"{plain(name)} saw another dataset: its metrics do not compare.")


def _show_significance(chosen: Chosen, split: str) -> None:
    if split not in kept_splits(chosen.run) or not (chosen.others or chosen.apertium):
        return
    kept, systems = translations(chosen, split)
    if len(systems) == 1:
        return
    named = tuple((name, tuple(lines)) for name, lines in systems.items())
    report = report_of(named, kept.sources, kept.references)
    st.markdown(
        f"**How sure the difference is**: {len(kept.sources):,} sentences, paired bootstrap of {SAMPLES:,} samples; p is the "
        "chance of such a difference between systems that are equal"
    )
    rows = [(cell(name), *(figure or MISSING for figure in figures)) for name, *figures in report.rows]
    show_table(Table(("System", *COLUMNS[1:]), tuple(rows)))


def _show_signatures(chosen: Chosen, split: str) -> None:
    """What sacrebleu computed by, without which a score does not compare."""
    name = f"evaluation/{split}/report.json"
    if name not in chosen.run.files:
        return
    kept = read_json(chosen.run.file(name))
    signatures: Sequence[str] = list(dict.fromkeys(kept["signatures"].values()))
    st.caption(f"sacrebleu's signatures, {kept['sentences']:,} sentences")
    st.code("\n".join(signatures), language=None, wrap_lines=True)
