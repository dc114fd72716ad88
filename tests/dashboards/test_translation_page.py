"""The page of translation, over runs and a lite file whose translations are known by thought."""

import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from streamlit.testing.v1 import AppTest

import gristmill.lite
from apps.translation.evaluation import Apertium, evaluate, kept_bytes, largest_differences, largest_errors
from apps.translation.opened import ABOUT, VOCABULARY
from apps.translation.options import IngestOptions
from apps.translation.plan import make_plan
from apps.translation.text import Counts
from apps.translation.text.pieces import SentencePieces
from apps.translation.trace import Trace
from apps.translation.vocabulary import learn
from dashboards import translation
from dashboards.parts.app_pages import load_page
from dashboards.parts.tables import cell
from dashboards.parts.translation_errors import difference_table, error_table
from dashboards.parts.translation_translate import attention_rows, counts_told, glossary_terms
from gristmill.data.dataset import Dataset
from gristmill.errors import InputError, IntegrityError
from gristmill.runs import RunWriter, Table, markdown
from pipelines.ingest import ingest

SECTIONS = ["Translate", "Scores", "By length", "Errors", "Corpus"]
SOURCES = ["the dog sees the cat", "the cat", "the dog", "the cat sees the dog and the dog sees the cat"]
REFERENCES = ["el perro ve el gato", "el gato", "el perro", "el gato ve el perro y el perro ve el gato"]
GOOD = [*REFERENCES[:2], "el gato", REFERENCES[3]]
POOR = ["el", "el gato", "el perro", "el gato ve"]
PEERS = {"source as it is": {"bleu": 1.5, "bleu_lowercase": 1.5, "chrf": 9.25}}
PLACES, WIDTH = 24, 2


class Copying:
    """A lite file whose greedy search copies the source, and whose beam finds the copy and then its reverse.

    Its decoder finds every piece as likely as not, and looks at the source's places from left to right.
    """

    def __init__(self, path: Path) -> None:
        if path.read_bytes() != b"copying":
            raise IntegrityError(f"{path.name} is not a whole TFLite file")
        self.path = path
        self.assets = assets()
        kinds = {"source": SimpleNamespace(shape=(1, PLACES)), "limit": SimpleNamespace(shape=(1,))}
        cache = {name: SimpleNamespace(shape=(1, 1, 1, 2 * PLACES, 2)) for name in ("keys", "values")}
        inputs = {"translate": kinds, "beam": kinds, "encode": {"source": kinds["source"]}, "step": cache}
        outputs = {"pieces": SimpleNamespace(shape=(1, WIDTH, PLACES))}
        self.signatures = {name: SimpleNamespace(inputs=given, outputs=outputs) for name, given in inputs.items()}

    def __call__(self, signature: str, **inputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
        if signature == "step":
            attention = np.eye(PLACES, dtype=np.float32)[inputs["place"] % PLACES]
            cache = {name: inputs[name] for name in ("keys", "values")}
            return {"scores": np.full((1, 1000), np.log(0.5)), "attention": attention, **cache}
        row = inputs["source"][0]
        if signature == "encode":
            return {"source_keys": row}
        end = row.tolist().index(2)
        pieces = np.zeros((WIDTH, PLACES), np.int32)
        pieces[0, :end], pieces[1, :end] = row[:end], row[:end][::-1]
        if signature == "translate":
            return {"pieces": pieces[:1]}
        return {"pieces": pieces[None], "scores": np.array([[-0.25, -0.75]], np.float32)}


@cache
def assets() -> dict[str, bytes]:
    about = {"source_language": "en", "target_language": "es"}
    return {VOCABULARY: learn([*SOURCES, *REFERENCES] * 20, 310), ABOUT: json.dumps(about).encode()}


@pytest.fixture(autouse=True)
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The made-up lite file in the place of a real one, and no Apertium."""
    monkeypatch.setattr(gristmill.lite, "LiteModel", Copying)
    monkeypatch.setattr(translation, "find_apertium", lambda source, target: None)


@pytest.fixture
def make_translator(tmp_path: Path) -> Callable[..., Path]:
    """Returns a function that writes a run of translation; None leaves its translations or its lite file out."""

    def make(
        name: str = "good",
        lines: Sequence[str] | None = GOOD,
        lite: bytes | None = b"copying",
        *,
        sources: Sequence[str] = SOURCES,
        created: str = "2025-01-31T09:30:00Z",
        dataset: Path | None = None,
        table: bytes | None = None,
    ) -> Path:
        out = tmp_path / "runs" / name
        sha256 = Dataset.open(dataset).manifest_sha256 if dataset else "ab" * 32
        with RunWriter(out) as run:
            config = {"app": "translation", "preset": "tiny", "seed": 0, "dataset": str(dataset or "datasets/gone")}
            run.write_json("config.json", config)
            run.write_json(
                "lineage.json", {"created": created, "dataset": {"name": "pairs", "manifest_sha256": sha256}}
            )
            if lines is not None:
                report = evaluate({"translate": lines}, sources, REFERENCES)
                run.write_json("metrics.json", {"test": {**PEERS, "model": dict(report.scores["translate"].values)}})
                folder = run.path / "evaluation" / "test"
                folder.mkdir(parents=True)
                (folder / "translations.tsv").write_bytes(table or kept_bytes(sources, REFERENCES, lines))
                (folder / "report.json").write_text(json.dumps(report.as_dict()))
            if lite is not None:
                row = {"file": "translate-f32.tflite", "format": "f32", "bytes": 1200, "agreement": 1.0}
                run.write_json("lite/report.json", [{**row, "metrics": {"bleu": 75.0}, "latency": {"p50_us": 900.0}}])
                (run.path / "lite" / "translate-f32.tflite").write_bytes(lite)
        return out

    return make


def open_page(section: str = SECTIONS[0], *beside: str) -> AppTest:
    page = AppTest.from_string("from dashboards import translation\ntranslation.page()", default_timeout=120)
    page.session_state["part of translation"] = section
    page.run()
    if beside:
        page.multiselect[0].set_value(list(beside)).run()
    assert not page.exception
    return page


def type_text(page: AppTest, text: str, glossary: str = "") -> None:
    page.text_area[0].set_value(text)
    page.text_area[1].set_value(glossary).run()
    assert not page.exception


def texts(page: AppTest) -> str:
    return "\n".join(item.value for item in [*page.markdown, *page.caption])


def test_the_page_is_where_the_app_says() -> None:
    from apps.translation import app

    assert app.page == "dashboards.translation:page"
    assert callable(load_page(app.page))


def test_without_runs_the_page_names_the_command() -> None:
    assert open_page().code[0].value == "gristmill run translation"


@pytest.mark.parametrize("section", SECTIONS)
def test_a_run_that_has_nothing_names_the_commands(make_translator: Callable[..., Path], section: str) -> None:
    path = make_translator(lines=None, lite=None)
    page = open_page(section)
    assert [tab.label for tab in page.tabs] == SECTIONS
    commands = {
        "Translate": f"gristmill export {path} --lite auto",
        "Corpus": "gristmill dashboard --datasets FOLDER",
    }
    assert page.code[0].value == commands.get(section, f"gristmill evaluate {path}")


def test_the_first_sentence_of_the_test_set_is_translated(make_translator: Callable[..., Path]) -> None:
    make_translator()
    page = open_page()
    assert not page.error and not page.warning
    assert page.text_area[0].value == page.code[0].value == SOURCES[0]
    assert "1 line · 1 segment" in texts(page)


def test_alternatives_and_attention_are_those_of_the_segment(make_translator: Callable[..., Path]) -> None:
    make_translator()
    page = open_page()
    type_text(page, "the dog sees 7 cats\n\nthe cat")
    assert page.code[0].value == "the dog sees 7 cats\n\nthe cat"
    next(box for box in page.selectbox if box.label == "Segment").select_index(1).run()
    alternatives = page.dataframe[0].value
    assert alternatives["Translation"].tolist()[0] == "the cat"
    assert alternatives["Score"].tolist() == [-0.25, -0.75]
    spec = json.loads(page.get("vega_lite_chart")[0].proto.spec)
    pieces = SentencePieces(assets()[VOCABULARY])
    labels = [*pieces.spell(pieces.encode("the cat")), "end"]
    shown = [spec["encoding"][axis]["axis"]["labelExpr"].removesuffix("[datum.value]") for axis in "xy"]
    assert [json.loads(words) for words in shown] == [labels, [f"{label}  50%" for label in labels]]
    next(box for box in page.selectbox if box.label == "Segment").select_index(0).run()
    assert "｟0｠ = 7" in texts(page)
    page.radio[0].set_value("greedy").run()
    assert not page.exception and not page.dataframe


@pytest.mark.parametrize(
    "text",
    ["", " \n\n", "12 %s", "the dog. " * 556, "x" * 5_000, "the cat\n\nthe dog", "שלום 😀", "a | b *c* $d$ `e` <f>"],
)
@pytest.mark.parametrize("search", ["beam", "greedy"])
def test_whatever_is_typed_shows(make_translator: Callable[..., Path], text: str, search: str) -> None:
    make_translator()
    page = open_page()
    page.radio[0].set_value(search)
    type_text(page, text)
    assert not page.error
    if text.strip():
        assert page.code[0].value == text
    else:
        assert "Type a sentence" in page.info[0].value


def test_a_glossary_is_honoured_and_a_bad_one_told(make_translator: Callable[..., Path]) -> None:
    make_translator()
    page = open_page()
    type_text(page, "the dog", "dog = perro")
    assert page.code[0].value == "the perro"
    type_text(page, "the dog", "dog")
    assert "line 1 of the glossary must be term = translation" in page.error[0].value


def test_terms_are_read_a_line_each() -> None:
    assert glossary_terms("mill = molino\n\nold\tviejo = antiguo") == (("mill", "molino"), ("old", "viejo = antiguo"))
    for line in ("mill", "mill =", "= molino"):
        with pytest.raises(InputError, match="line 2 of the glossary"):
            glossary_terms(f"\n{line}")


def test_what_became_of_the_lines_is_told() -> None:
    counts = Counts(lines=2, copied=1, segments=1, protected=3, lost=1)
    told = counts_told(counts, 0.0123)
    assert told == (
        "2 lines · 1 segment · 12 ms · 1 without a letter, left as they are · "
        "3 parts kept from the source or put by the glossary · 1 of them lost by the model and put back"
    )


def test_attention_has_a_row_a_pair_of_pieces() -> None:
    found = Trace((5, 2), (7, 2), np.array([0.5, 1.0], np.float32), np.eye(2, dtype=np.float32))
    rows = attention_rows(found, ["dog", "end"], ["perro", "end"])
    assert [(row["target"], row["source"], row["attention"], row["probability"]) for row in rows] == [
        ("perro", "dog", 1.0, 0.5),
        ("perro", "end", 0.0, 0.5),
        ("end", "dog", 0.0, 1.0),
        ("end", "end", 1.0, 1.0),
    ]


def test_a_text_is_translated_by_others_as_well(
    make_translator: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Peer(Apertium):
        def __init__(self) -> None:
            self.name = "apertium eng-spa"

        def translate(self, lines: Sequence[str]) -> list[str]:
            return [line.upper() for line in lines]

    monkeypatch.setattr(translation, "find_apertium", lambda source, target: Peer())
    make_translator()
    make_translator("poor", POOR, created="2025-01-30T09:30:00Z")
    make_translator("bare", POOR, None, created="2025-01-29T09:30:00Z")
    page = open_page("Translate", "poor", "bare", "apertium eng-spa")
    assert [box.value for box in page.code][:3] == [SOURCES[0], SOURCES[0], SOURCES[0].upper()]
    assert "bare has no lite file" in page.info[0].value
    page = open_page("Errors", "apertium eng-spa")
    assert "Where good is ahead of apertium eng-spa the most" in texts(page)
    assert f"| {REFERENCES[0]} | {SOURCES[0].upper()} |" in texts(page)


def test_scores_stand_beside_peers_and_other_runs(make_translator: Callable[..., Path]) -> None:
    make_translator()
    make_translator("poor", POOR, created="2025-01-30T09:30:00Z")
    page = open_page("Scores")
    assert "| System | our model | source as it is |" in texts(page).replace("|  |", "| System |")
    assert "nrefs:1" in page.code[0].value
    assert "translate-f32.tflite | f32 | 1.2 kB | 900 µs | BLEU 75.0000 | 1.0000" in texts(page)
    page = open_page("Scores", "poor")
    lines = [line.strip("| ").split(" | ") for line in texts(page).split("\n")]
    good, poor = (next(line for line in lines if line[0] == name and len(line) == 6) for name in ("good", "poor"))
    assert good[4:] == ["–", "–"]
    assert poor[4].startswith("-") and 0 < float(poor[5]) <= 1
    assert not page.error and not page.warning


def test_scores_by_length_are_those_of_the_kept_translations(make_translator: Callable[..., Path]) -> None:
    make_translator()
    make_translator("poor", POOR, created="2025-01-30T09:30:00Z")
    table = open_page("By length", "poor").dataframe[0].value
    rows = table[["Words", "System", "Sentences"]].to_numpy().tolist()
    assert rows == [["1-5", "good", 3], ["1-5", "poor", 3], ["11-20", "good", 1], ["11-20", "poor", 1]]
    assert table["chrF"].tolist()[2] == pytest.approx(100)


def test_errors_and_differences_are_found(make_translator: Callable[..., Path]) -> None:
    make_translator()
    make_translator("poor", POOR, created="2025-01-30T09:30:00Z")
    page = open_page("Errors")
    assert texts(page).index("| the dog | el perro | el gato |") < texts(page).index(SOURCES[0])
    assert "Choose something to compare with" in page.info[0].value
    page = open_page("Errors", "poor")
    ahead, behind = texts(page).split("**Where good is ")[1:]
    assert ahead.startswith("ahead of poor") and f"| {SOURCES[0]} | {REFERENCES[0]} | {REFERENCES[0]} | el |" in ahead
    assert behind.startswith("behind poor") and "| the dog | el perro | el gato | el perro |" in behind


def test_the_largest_errors_come_first() -> None:
    table = error_table(largest_errors(SOURCES, REFERENCES, GOOD, 3))
    assert [row[0] for row in table.rows] == ["3", "1", "2"]
    ahead, behind = largest_differences(SOURCES, REFERENCES, GOOD, POOR, 1)
    assert [row[:3] for row in difference_table(behind, "good", "poor").rows] == [("3", table.rows[0][1], "100.0")]
    assert difference_table(ahead, "a|b", "c*").columns[-2:] == ("a|b", r"c\*")


def test_a_cell_shows_a_text_as_it_is() -> None:
    assert markdown(Table(("Text",), ((cell("a|b $c$ *d* <e>"),),))).split("\n")[-1] == r"| a\|b $c$ \*d\* \<e\> |"


def test_a_run_measured_on_other_sentences_is_left_out(make_translator: Callable[..., Path]) -> None:
    make_translator()
    other = ["a dog sees a cat", *SOURCES[1:]]
    make_translator("other", POOR, sources=other, created="2025-01-30T09:30:00Z")
    make_translator("unmeasured", None, created="2025-01-29T09:30:00Z")
    page = open_page("Errors", "other", "unmeasured")
    assert [warning.value for warning in page.warning] == [
        "other is left out: it was measured on other sentences.",
        "unmeasured is left out: it was not measured on test.",
    ]
    assert "Where good is" not in texts(page)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    rows = [f"The house has number {number}.\tLa casa tiene el número {number}.\tbook" for number in range(40)]
    path = tmp_path / "pairs.tsv"
    path.write_text("\n".join(["en\tes\torigin", *rows, "Wi-Fi\twi-fi\tbook", ""]), "utf-8")
    out = tmp_path / "datasets" / "pairs"
    out.parent.mkdir()
    ingest(make_plan({"pairs": [str(path)]}, IngestOptions(pieces=400, held_out=0.2)), out)
    return out


def test_the_corpus_is_that_of_the_run(make_translator: Callable[..., Path], corpus: Path) -> None:
    make_translator(dataset=corpus)
    page = open_page("Corpus")
    assert page.dataframe[0].value["Rule"].tolist() == ["copy"]
    assert page.dataframe[1].value["Origin"].tolist() == ["book"]
    corpus.rename(corpus.with_name("moved"))
    assert open_page("Corpus").dataframe[0].value["Rule"].tolist() == ["copy"]
    corpus.with_name("moved").rename(corpus.parents[1] / "away")
    page = open_page("Corpus")
    assert "dataset of the run good is neither at" in page.warning[0].value


def test_a_damaged_lite_file_is_told_and_the_rest_shows(make_translator: Callable[..., Path]) -> None:
    make_translator(lite=b"cut")
    page = open_page()
    assert "is not a whole TFLite file" in page.error[0].value
    assert not open_page("Errors").error


def test_damaged_translations_are_told(make_translator: Callable[..., Path]) -> None:
    make_translator(table=b"the dog\tel perro\n")
    for section in ("By length", "Errors"):
        assert "must be source, reference and translation" in open_page(section).error[0].value


def test_a_run_that_was_changed_is_told(make_translator: Callable[..., Path]) -> None:
    path = make_translator()
    (path / "evaluation" / "test" / "translations.tsv").write_text("x")
    page = open_page()
    assert "1 of 1 runs cannot be used; the page Runs tells why" in page.warning[0].value
    assert page.code[0].value == "gristmill run translation"
