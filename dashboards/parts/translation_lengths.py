"""How good the run is on short and on long sentences, beside others."""

from collections.abc import Mapping, Sequence

import streamlit as st

from apps.translation.evaluation import LengthScores, by_length
from dashboards.parts.charts import show_legend
from dashboards.parts.quality import Row
from dashboards.parts.translation_charts import score_bars
from dashboards.parts.translation_runs import Chosen, choose_split, translations

__all__ = ["length_rows", "show_lengths"]

_FEW = 50


@st.cache_data(show_spinner="Scoring by length …", max_entries=32)
def _scores(sources: tuple[str, ...], references: tuple[str, ...], lines: tuple[str, ...]) -> list[LengthScores]:
    return by_length(sources, references, lines)


def length_rows(systems: Mapping[str, Sequence[LengthScores]]) -> list[Row]:
    """A row for each system and length."""
    return [
        {"system": name, "words": one.words, "sentences": one.sentences, "bleu": one.bleu, "chrf": one.chrf}
        for name, scores in systems.items()
        for one in scores
    ]


def show_lengths(chosen: Chosen) -> None:
    """BLEU and chrF by words of the source, as charts and as a table."""
    split = choose_split(chosen.run, "split of lengths")
    if split is None:
        return
    kept, systems = translations(chosen, split)
    scores = {name: _scores(kept.sources, kept.references, tuple(lines)) for name, lines in systems.items()}
    rows = length_rows(scores)
    st.markdown(f"**{len(kept.sources):,} sentences of {split}** by the words of their source")
    show_legend(list(systems))
    for column, (title, field) in zip(st.columns(2), (("BLEU", "bleu"), ("chrF", "chrf")), strict=True):
        column.altair_chart(score_bars(rows, title=title, field=field, systems=list(systems)), width="stretch")
    form = {
        "Sentences": st.column_config.NumberColumn(format="localized"),
        "BLEU": st.column_config.NumberColumn(format="%.1f"),
        "chrF": st.column_config.NumberColumn(format="%.1f"),
    }
    titles = {"words": "Words", "sentences": "Sentences", "system": "System", "bleu": "BLEU", "chrf": "chrF"}
    groups = list(dict.fromkeys(row["words"] for row in rows))
    ordered = sorted(rows, key=lambda row: groups.index(row["words"]))
    table = [{title: row[name] for name, title in titles.items()} for row in ordered]
    st.dataframe(table, hide_index=True, column_config=form, height="content")
    if any(row["sentences"] < _FEW for row in rows):
        st.caption(f"A score of fewer than {_FEW} sentences says little.")
