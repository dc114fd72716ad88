"""A text of the reader's own: its translation beside that of others, its alternatives, and what the model looked at."""

import re
import time
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from apps.translation.lite_engine import Hypothesis, LiteEngine
from apps.translation.opened import OpenedModel
from apps.translation.pieces import END
from apps.translation.text import Counts, Glossary, Part, Translator
from apps.translation.text.masks import SYMBOLS
from apps.translation.trace import Trace, trace
from dashboards.parts.folders import Stamp, stamp
from dashboards.parts.messages import errors_shown, plain, show_empty
from dashboards.parts.quality import Row
from dashboards.parts.translation_charts import heat_map
from dashboards.parts.translation_runs import (
    Chosen,
    kept_splits,
    lite_files,
    load_kept,
    load_model,
    translate_by_apertium,
)
from gristmill.errors import InputError
from gristmill.lite import LiteModel
from gristmill.runs import Run

__all__ = ["attention_rows", "counts_told", "glossary_terms", "show_translate", "translate_lines"]

_MOST_CHARACTERS = 20_000
_LONG, _MANY = 400, 8
"""Characters and lines that a box shows at once."""
_HEIGHT = 200
_GREEDY, _BEAM = "greedy", "beam"
_END = "end"
Terms = tuple[tuple[str, str], ...]
"""Terms of a glossary with their translations."""


@st.cache_data(show_spinner="Translating …", max_entries=64)
def translate_lines(
    path: Path, mark: Stamp, lines: tuple[str, ...], search: str, terms: Terms
) -> tuple[list[str], Counts, float]:
    """Translations by a lite file, what became of the lines, and the seconds; `mark` is the run's state."""
    translator = _translator(load_model(path, mark), search, terms)
    start = time.monotonic()
    return translator.translate(lines), translator.counts, time.monotonic() - start


def glossary_terms(text: str) -> Terms:
    """Terms out of lines `term = translation`, or with a tab between them; blank lines are passed over.

    Raises:
        InputError: A line has another form.
    """
    terms = []
    for number, line in enumerate(text.split("\n"), start=1):
        sides = [side.strip() for side in re.split(r"[\t=]", line, maxsplit=1)]
        if line.strip() and not (len(sides) == 2 and all(sides)):
            raise InputError(f"line {number} of the glossary must be term = translation. Received: {line!r}")
        if line.strip():
            terms.append((sides[0], sides[1]))
    return tuple(terms)


def attention_rows(found: Trace, source: Sequence[str], target: Sequence[str]) -> list[Row]:
    """A row for each piece of the translation and of the source, whose texts are `target` and `source`."""
    return [
        {
            "target_place": row,
            "source_place": column,
            "target": written,
            "source": read,
            "attention": float(found.attention[row, column]),
            "probability": float(found.probabilities[row]),
        }
        for row, written in enumerate(target)
        for column, read in enumerate(source)
    ]


def counts_told(counts: Counts, seconds: float) -> str:
    """What became of the lines, in a sentence."""
    notes = {
        "without a letter, left as they are": counts.copied,
        "split, being too long": counts.split,
        f"{_noun(counts.protected, 'part')} kept from the source or put by the glossary": counts.protected,
        "of them lost by the model and put back": counts.lost,
        "made up by the model and left out": counts.spare,
        f"{_noun(counts.untranslated, 'segment')} for which the model gave nothing": counts.untranslated,
    }
    told = [f"{count} {_noun(count, what)}" for what, count in (("line", counts.lines), ("segment", counts.segments))]
    told.append(f"{1000 * seconds:,.0f} ms")
    return " · ".join([*told, *(f"{count} {what}" for what, count in notes.items() if count)])


def _noun(count: int, noun: str) -> str:
    return noun if count == 1 else f"{noun}s"


def show_translate(chosen: Chosen) -> None:
    """Lets the reader type a text and shows what becomes of it."""
    files = lite_files(chosen.run)
    if not files:
        sentence = "This run has no lite file to translate with yet. This makes them:"
        show_empty(sentence, f"gristmill export {chosen.run.path} --lite auto")
        return
    left, right = st.columns(2)
    with left:
        text_place, options = st.container(), st.columns(2)
        file = options[0].selectbox("Lite file", files, format_func=lambda name: name.removeprefix("lite/"))
        path, mark = chosen.run.file(file), stamp(chosen.run.path)
        opened = load_model(path, mark)
        search = options[1].radio("Search", [_BEAM, _GREEDY], horizontal=True, help="The beam has alternatives.")
        text = text_place.text_area(
            f"Text ({opened.source_language}), a line for each line of the translation",
            _example(chosen.run),
            height=_HEIGHT,
            max_chars=_MOST_CHARACTERS,
            key=f"text of {chosen.name}",
        )
        with st.expander("Glossary"):
            written = st.text_area("Terms, one a line", placeholder="mill = molino", key="glossary")
    terms = glossary_terms(written)
    if not text.strip():
        right.info("Type a sentence on the left.")
        return
    lines = tuple(text.split("\n"))
    with right:
        _show_translation(chosen.name, path, mark, lines, search, terms)
        _show_others(chosen, opened, lines, search, terms)
    _show_inside(opened, lines, search, terms)


def _translator(opened: OpenedModel, search: str, terms: Terms) -> Translator:
    beam = _engine(opened).beam if search == _BEAM else 1
    glossary = Glossary(dict(terms)) if terms else None
    return Translator(
        opened.engine, opened.vocabulary, glossary=glossary, beam=beam, segment_pieces=opened.segment_pieces
    )


def _engine(opened: OpenedModel) -> LiteEngine:
    """The engine of a lite file, which tells more than others."""
    return LiteEngine(_lite(opened))


def _lite(opened: OpenedModel) -> LiteModel:
    if opened.lite is None:
        raise InputError(f"{opened.name} must be a lite file. Received: another model")
    return opened.lite


def _example(run: Run) -> str:
    """The first sentence of the test set, so that there is something to see."""
    for path in kept_splits(run).values():
        return load_kept(path, stamp(run.path)).sources[0]
    return ""


def _show_translation(name: str, path: Path, mark: Stamp, lines: tuple[str, ...], search: str, terms: Terms) -> None:
    found, counts, seconds = translate_lines(path, mark, lines, search, terms)
    _show_lines(name, found)
    st.caption(counts_told(counts, seconds))


def _show_lines(name: str, lines: Sequence[str]) -> None:
    """Lines as they are, in a box that scrolls where they are many or long."""
    text = "\n".join(lines)
    st.markdown(f"**{plain(name)}**")
    long = len(text) > _LONG or len(lines) > _MANY
    st.code(text, language=None, wrap_lines=True, height=_HEIGHT if long else "content")


def _show_others(chosen: Chosen, opened: OpenedModel, lines: tuple[str, ...], search: str, terms: Terms) -> None:
    """The same text as the other runs and Apertium translate it, each with its reason where it cannot."""
    for name, run in chosen.others.items():
        with errors_shown():
            files = lite_files(run)
            if not files:
                st.info(f"{plain(name)} has no lite file to translate with.")
                continue
            path, mark = run.file(files[0]), stamp(run.path)
            load_model(path, mark).check_languages(opened.source_language, opened.target_language)
            _show_translation(name, path, mark, lines, search, terms)
    if chosen.apertium:
        with errors_shown():
            _show_lines(chosen.apertium.name, translate_by_apertium(chosen.apertium, chosen.apertium.name, lines))


def _show_inside(opened: OpenedModel, lines: Sequence[str], search: str, terms: Terms) -> None:
    """The alternatives of a segment, and what each piece of one of them was written from."""
    translator = _translator(opened, search, terms)
    parts = list(dict.fromkeys(part for line in lines for part in translator.prepare(line) if part.ids))
    if not parts:
        st.info("There is nothing to look into: no line has a letter to translate.")
        return
    st.subheader("A look inside", anchor=False)
    place = 0
    if len(parts) > 1:
        places = range(len(parts))
        place = st.selectbox("Segment", places, format_func=lambda place: f"{place + 1}: {parts[place].source}")
    part = parts[place]
    if part.values:
        kept = " · ".join(f"{symbol} = {value}" for symbol, value in zip(SYMBOLS, part.values, strict=False))
        st.caption(f"Kept as it is, or put by the glossary: {plain(kept)}")
    hypotheses = _hypotheses(opened, part, search)
    rank = _show_alternatives(hypotheses, [translator.finish(part, one.pieces) for one in hypotheses])
    _show_attention(opened, part, hypotheses[rank])


def _hypotheses(opened: OpenedModel, part: Part, search: str) -> list[Hypothesis]:
    if search == _BEAM:
        return _engine(opened).hypotheses(part.ids)
    return [Hypothesis(pieces, 0.0) for pieces in opened.engine.translate([part.ids], 1)]


def _show_alternatives(hypotheses: Sequence[Hypothesis], texts: Sequence[str]) -> int:
    """The hypotheses of the beam as a table; the place of the one to look into."""
    if len(hypotheses) == 1:
        return 0
    rows = [
        {"Rank": rank, "Translation": text, "Score": one.score}
        for rank, (one, text) in enumerate(zip(hypotheses, texts, strict=True), start=1)
    ]
    form = {
        "Rank": st.column_config.Column(width=45),
        "Translation": st.column_config.Column(width=700),
        "Score": st.column_config.NumberColumn(format="%.3f", width=80),
    }
    st.markdown("**What beam search found**, the best first; score: log probability by length, nearer to 0 is better")
    st.dataframe(rows, hide_index=True, column_config=form)
    return st.selectbox(
        "Attention of", range(len(rows)), format_func=lambda place: f"{place + 1}: {rows[place]['Translation']}"
    )


def _show_attention(opened: OpenedModel, part: Part, hypothesis: Hypothesis) -> None:
    found = trace(_lite(opened), part.ids, hypothesis.pieces)
    source, target = (_labels(opened, pieces) for pieces in (found.source, found.target))
    sure = [f"{piece}  {share:.0%}" for piece, share in zip(target, found.probabilities, strict=True)]
    st.markdown("**What each piece was written from**: attention of the decoder's last layer, a mean over its heads")
    st.altair_chart(heat_map(attention_rows(found, source, target), source=source, target=sure), width="content")
    st.caption(
        "Columns: pieces of the source. Rows: pieces of the translation, each with its probability after those before it. "
        "The darker, the more attention; ▁ begins a word."
    )


def _labels(opened: OpenedModel, pieces: Sequence[int]) -> list[str]:
    return [_END if piece == END else text for piece, text in zip(pieces, opened.vocabulary.spell(pieces), strict=True)]
