"""`gristmill translate`: files and pipes, glossary, languages, bad input with exit status 2, and `score`."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from apps.translation import opened
from apps.translation.commands.translate import app
from apps.translation.opened import OpenedModel
from gristmill.data.dataset import Dataset


@dataclass(frozen=True)
class Done:
    status: int
    out: str
    err: str


@pytest.fixture
def translate(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], letters: Any, words: Any
) -> Callable[..., Done]:
    """`translate(*words, given=TEXT)` runs the verb over a made-up model."""
    model = OpenedModel("made-up", words(), letters, "en", "es")
    monkeypatch.setattr(opened, "open_model", lambda run, lite, dataset=None: model)

    def run(*words: str | Path, given: bytes = b"") -> Done:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            app([str(word) for word in words], prog_name="gristmill translate")
        return Done(int(left.value.code or 0), *capfd.readouterr())

    return run


def test_a_file_becomes_a_file(translate: Callable[..., Done], tmp_path: Path) -> None:
    (tmp_path / "in").write_text("the dog\n\nThe red house {n} \r\nthe cat", "utf-8", newline="")
    told = translate("--run", "any", "--input", tmp_path / "in", "--output", tmp_path / "out", "--json")
    assert told.status == 0, told.err
    assert (tmp_path / "out").read_bytes().decode() == "el perro\n\nel rojo casa {n} \r\nel gato"
    values = json.loads(told.out)
    assert (values["lines"], values["copied"], values["protected"], values["from"], values["to"]) == (
        4,
        1,
        1,
        "en",
        "es",
    )
    assert values["whole"] is True and values["output"] == str(tmp_path / "out")
    assert "lines" in told.err


def test_a_pipe_becomes_a_pipe(translate: Callable[..., Done], tmp_path: Path) -> None:
    (tmp_path / "terms.tsv").write_text("dog\tcan\n")
    told = translate("--run", "any", "--glossary", tmp_path / "terms.tsv", "--quiet", given=b"the dog\n\n")
    assert (told.status, told.out, told.err) == (0, "el can\n\n", "")
    assert translate("--run", "any", "--quiet").out == ""


@pytest.mark.parametrize(
    ("options", "given", "told"),
    [
        (["--run", "any", "--from", "fr"], b"", "`--from` must be en: made-up translates from en to es. Received: fr"),
        (["--run", "any", "--to", "xx"], b"", "`--to` must be es"),
        (["--run", "any"], b"a\n\xff\n", "standard input, line 2: must be UTF-8. Received: byte 0xff at place 1"),
        (["--run", "any", "--input", "/none"], b"", "/none cannot be read: No such file"),
        (["--run", "any", "--output", "/none/out"], b"", "a folder that is there. Received: /none/out"),
        (["--run", "any", "--glossary", "/none"], b"", "glossary /none cannot be read"),
        (["--run", "any", "--beam", "0"], b"", "`beam` must be a positive integer. Received: 0"),
        (["--run", "any", "--json"], b"", "`--json` needs `--output`"),
        ([], b"", "`--run` must be"),
    ],
)
def test_bad_input_is_told(translate: Callable[..., Done], options: list[str], given: bytes, told: str) -> None:
    done = translate(*options, given=given)
    assert done.status == 2
    assert told in done.err


def test_an_output_stays_as_it_was_where_the_input_is_bad(translate: Callable[..., Done], tmp_path: Path) -> None:
    (tmp_path / "out").write_text("old")
    assert translate("--run", "any", "--output", tmp_path / "out", given=b"the dog\n\xff\n").status == 2
    assert [path.name for path in tmp_path.iterdir()] == ["out"] and (tmp_path / "out").read_text() == "old"


def test_what_the_model_lost_is_told(
    translate: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, letters: Any, words: Any
) -> None:
    model = OpenedModel("forgetful", words(lambda text: "nada"), letters, "en", "es")
    monkeypatch.setattr(opened, "open_model", lambda run, lite, dataset=None: model)
    told = translate("--run", "any", given=b"the dog %s\n")
    assert told.out == "nada %s\n"
    assert "1 of 1 protected parts were lost by the model" in told.err


def test_a_reader_that_goes_away_is_no_error() -> None:
    code = (
        "from apps.translation import opened; from apps.translation.commands.translate import app\n"
        "class Same:\n"
        "    def translate(self, sources, beam): return [list(source) for source in sources]\n"
        "    def encode(self, text): return list(text.encode())\n"
        "    def decode(self, ids): return bytes(ids).decode(errors='replace')\n"
        "    def is_byte(self, piece): return False\n"
        "opened.open_model = lambda run, lite, dataset: opened.OpenedModel('same', Same(), Same(), 'en', 'es')\n"
        "app(['--run', 'any', '--quiet'])"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin and process.stdout and process.stderr
    process.stdin.write(b"first\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"first\n"
    process.stdout.close()
    process.stdin.write(b"second\n")
    process.stdin.close()
    assert process.wait(60) == 0
    assert process.stderr.read() == b""
    process.stderr.close()


def test_the_verb_is_light() -> None:
    code = (
        "import sys, apps.translation.commands.translate\n"
        "print([name for name in ('numpy', 'tensorflow', 'sacrebleu', 'sentencepiece') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_systems_are_scored_side_by_side(translate: Callable[..., Done], tmp_path: Path) -> None:
    files = {
        "source": "the dog\nthe red house\n",
        "reference": "el perro\nel rojo casa\n",
        "worse": "el gato\nla casa\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    both = ["--source", tmp_path / "source", "--reference", tmp_path / "reference"]
    told = translate("score", *both, "--system", f"worse={tmp_path / 'worse'}", "--run", "any", "--json")
    assert told.status == 0, told.err
    values = json.loads(told.out)
    assert list(values["scores"]) == ["worse", "any"]
    assert values["scores"]["any"]["chrf"] == pytest.approx(100)
    assert values["differences"]["any"]["chrf"]["difference"] > 0
    assert [one["number"] for one in values["examples"]["any"]["ahead"]] != []
    shown = translate("score", *both, "--system", f"worse={tmp_path / 'worse'}", "--run", "any")
    assert "BLEU lower-case" in shown.out and "version:" in shown.out and "reference: el perro" in shown.out
    alone = json.loads(translate("score", *both, "--run", "any", "--json").out)
    assert alone["differences"] == {} and len(alone["examples"]["any"]["behind"]) == 2


def test_a_split_is_scored(translate: Callable[..., Done], monkeypatch: pytest.MonkeyPatch) -> None:
    table = pa.table({"source": ["the dog", "the cat"], "target": ["el perro", "el gato"]})
    monkeypatch.setattr(Dataset, "open", lambda path: SimpleNamespace(read=lambda split: table))
    told = translate("score", "--dataset", "any", "--run", "any", "--json")
    assert json.loads(told.out)["scores"]["any"]["chrf"] == pytest.approx(100)
    table = table.rename_columns(["user", "item"])
    assert (
        "must be a dataset of translation. Received: columns user, item" in translate("score", "--dataset", "any").err
    )
    assert "or `--dataset`, must be given" in translate("score", "--source", "any", "--run", "any").err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "must be given. Received: none"),
        (["--system", "x"], "`--system` must be NAME=FILE. Received: 'x'"),
        (["--system", "x=short"], "'x' must have one line for each of the 2 references. Received: 1"),
        (["--apertium", "en"], "must be two languages"),
        (["--reference", "short"], "must have equally many lines. Received: 2 and 1"),
    ],
)
def test_bad_test_sets_are_told(
    translate: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, options: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("two").write_text("a\nb\n")
    Path("short").write_text("a\n")
    done = translate("score", "--source", "two", "--reference", "two", *options)
    assert done.status == 2
    assert told in done.err
