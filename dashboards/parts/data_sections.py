"""The sections of the page of data: origin, statistics, vocabularies and quarantine of a dataset."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from dashboards.parts.charts import quantiles, terms
from dashboards.parts.messages import plain
from dashboards.parts.quarantine import Quarantine
from dashboards.parts.statistics import figures, groups, labels, quantile_rows, schema_of, term_rows
from dashboards.parts.tables import show_table
from gristmill.data.dataset import Dataset
from gristmill.schema import Kind

__all__ = ["show_origin", "show_quarantine", "show_statistics", "show_vocabularies"]

_TERMS = 15
_PAGE = 50
_THOUSANDS = {
    name: st.column_config.NumberColumn(format="localized")
    for name in ("Read", "Written", "Quarantined", "Bytes", "Records", "Files")
}
_NARROW = {
    "Rank": st.column_config.Column(width="small"),
    "Records": st.column_config.NumberColumn(format="localized", width="small"),
}
_FIRST_INFO = ("title", "licence", "citation", "source")


def show_origin(dataset: Dataset) -> None:
    """Sources with read = written + quarantined, licence and citation, splits and tables."""
    manifest = dataset.manifest
    info = {name: manifest.info[name] for name in _FIRST_INFO if name in manifest.info} | dict(manifest.info)
    if info:
        st.markdown("\n".join(f"- **{name.capitalize()}**: {plain(value)}" for name, value in info.items()))
    if "licence" not in info:
        st.caption("The manifest names no licence: whoever ingested the data did not give one.")
    st.markdown("**Sources**: of each file, read = written + quarantined")
    rows = [
        {
            "File": Path(source.path).name,
            "Holds": source.table,
            "Read": source.read,
            "Written": source.written,
            "Quarantined": source.quarantined,
            "Bytes": source.bytes,
            "SHA-256": f"{source.sha256[:12]}…",
        }
        for source in manifest.sources
    ]
    st.dataframe(rows, hide_index=True, column_config=_THOUSANDS)
    st.markdown("**Splits and tables**")
    shards = {name: list(files) for name, files in manifest.splits.items()}
    shards |= {name: [table.file] for name, table in manifest.tables.items()}
    st.dataframe(
        [
            {
                "Name": name,
                "Records": sum(file.records or 0 for file in files),
                "Files": len(files),
                "Bytes": sum(file.bytes for file in files),
            }
            for name, files in shards.items()
        ],
        hide_index=True,
        column_config=_THOUSANDS,
    )


def show_statistics(dataset: Dataset) -> None:
    """Figures and a chart of one feature, split by split."""
    choices = {
        f"{group} · {name}" if group != "records" else name: (group, name)
        for group, splits in groups(dataset).items()
        for name in dataset.statistics[splits[0]]
    }
    if not choices:
        st.info("This dataset has no statistics.")
        return
    group, name = choices[st.selectbox("Feature", list(choices))]
    feature = schema_of(dataset, group)[name]
    summaries = {split: dataset.statistics[split][name] for split in groups(dataset)[group]}
    st.caption(f"kind {feature.kind}, type {feature.dtype}, role {feature.role}")
    show_table(figures(summaries, feature.kind))
    is_time = feature.kind is Kind.TIME
    if rows := quantile_rows(summaries, feature.kind):
        st.altair_chart(quantiles(rows, time=is_time), width="stretch")
        st.caption("Line: from the 1% to the 99% quantile. Box: the middle half. Mark: the median.")
    if any("top" in summary for summary in summaries.values()):
        _show_terms(summaries, labels(dataset, name))
    lengths = {split: summary["length"] for split, summary in summaries.items() if summary.get("length")}
    if lengths:
        st.markdown("**Length**: " + ("elements of a list" if feature.kind is Kind.SEQUENCE else "characters"))
        show_table(figures(lengths, Kind.NUMBER))
        st.altair_chart(quantiles(quantile_rows(lengths, Kind.NUMBER), time=False), width="stretch")


def _show_terms(summaries: Mapping[str, Mapping[str, Any]], names: Mapping[str, str]) -> None:
    """The most frequent terms of each split, side by side."""
    for place, (column, split) in enumerate(zip(st.columns(max(len(summaries), 2)), summaries, strict=False)):
        chart = terms(term_rows(summaries[split], names, _TERMS), title=f"Most frequent in {split}", place=place)
        column.altair_chart(chart, width="stretch")


def show_vocabularies(dataset: Dataset) -> None:
    """Terms by rank, to search and to leaf through."""
    names = list(dataset.manifest.vocabularies)
    if not names:
        st.info("This dataset has no vocabularies.")
        return
    left, middle, right = st.columns([2, 3, 1])
    name = left.selectbox("Vocabulary", names)
    wanted = middle.text_input("Search", placeholder="part of a term or of its name")
    called = labels(dataset, name.rpartition(".")[2])
    found = [
        {"Rank": rank, "Term": term, "Name": called.get(term, "")}
        for rank, term in enumerate(dataset.vocabulary(name), start=1)
        if wanted.casefold() in f"{term}\n{called.get(term, '')}".casefold()
    ]
    pages = max(1, -(-len(found) // _PAGE))
    number = int(right.number_input("Page", 1, pages, 1, key=f"page of {name} {wanted}"))
    st.caption(f"{len(found):,} terms, page {number} of {pages}; most frequent in training first")
    rows = found[(number - 1) * _PAGE : number * _PAGE]
    if not any(row["Name"] for row in found):
        rows = [{"Rank": row["Rank"], "Term": row["Term"]} for row in rows]
    if rows:
        st.dataframe(rows, hide_index=True, height=min(35 * len(rows) + 38, 600), column_config=_NARROW)


def show_quarantine(quarantine: Quarantine) -> None:
    """Counts by reason, and the records as they came."""
    if not quarantine.count:
        st.success("Nothing was set aside: every record that was read was written.")
        return
    st.markdown("**Reasons**")
    st.dataframe(
        [{"Reason": reason, "Records": count} for reason, count in quarantine.reasons],
        hide_index=True,
        column_config=_NARROW,
    )
    st.markdown("**Records as they came**")
    if quarantine.count > len(quarantine.rows):
        st.caption(f"The first {len(quarantine.rows):,} of {quarantine.count:,}.")
    st.dataframe(list(quarantine.rows), hide_index=True)
