"""The section of a corpus of pairs: how many there are, where they come from, and what cleaning dropped and why."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboards.parts.charts import terms
from dashboards.parts.pairs import length_rows, origin_rows, rule_rows

__all__ = ["show_pairs"]


def show_pairs(report: Mapping[str, Any]) -> None:
    """Shows the report of an ingestion of pairs."""
    source, target = report["source_language"], report["target_language"]
    about = report["vocabulary"]
    figures = (
        ("Languages", f"{source} to {target}"),
        ("Pairs", f"{report['left']:,}"),
        ("Source sentences", f"{report['sentences']:,}"),
        ("Pieces", f"{about['pieces']:,}"),
    )
    for column, (title, value) in zip(st.columns(len(figures)), figures, strict=True):
        column.metric(title, value)
    st.caption(
        f"A piece stands for {about['source_characters_a_piece']:.1f} characters of {source} and "
        f"{about['target_characters_a_piece']:.1f} of {target}. Normalising changed {report['normalised_texts']:,} texts."
    )
    st.markdown("**What cleaning dropped, and why**")
    dropped = rule_rows(report)
    if dropped:
        st.dataframe(
            dropped,
            hide_index=True,
            column_config={
                "Dropped": st.column_config.NumberColumn(format="localized", width="small"),
                "Share of all": st.column_config.NumberColumn(format="percent", width="small"),
            },
        )
    else:
        st.success("No rule dropped a pair.")
    st.markdown("**Where the pairs come from**: of each origin, read = left + dropped by each rule")
    origins = origin_rows(report)
    numbers = {name: st.column_config.NumberColumn(format="localized") for name in origins[0] if name != "Origin"}
    st.dataframe(origins, hide_index=True, column_config=numbers)
    st.altair_chart(terms(length_rows(report), title="Words of the source", place=0), width="stretch")
