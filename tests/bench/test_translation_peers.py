"""The benchmark of translation peers on a handful of sentences; the systems are stood in for."""

import gzip
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench import phrase_peer, translation_peers
from bench.inputs import Inputs
from bench.phrase_peer import TUNED, UNTUNED
from gristmill.errors import InputError, WorkError

PAIRS = [("the dog", "el perro"), ("the cat", "el gato"), ("the red house", "la casa roja")]
SYSTEM = """
import json, pathlib, sys
work, folder = sys.argv[2], pathlib.Path(sys.argv[5 if sys.argv[2] == "train" else 3])
if work == "train":
    (folder / "model").write_text(pathlib.Path(sys.argv[3]).read_text() + pathlib.Path(sys.argv[4]).read_text())
else:
    assert (folder / "model").exists()
    word = {"tuned": "el", "untuned": "la"}[sys.argv[4]]
    print("\\n".join(line.replace("the", word) for line in sys.stdin.read().splitlines()))
print("a warning", json.dumps({"cpu_seconds": 2.0, "untuned_seconds": 1.0}), sep="\\n", file=sys.stderr)
"""


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A Python that puts a made-up system in the script's place."""
    (tmp_path / "system.py").write_text(SYSTEM)
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec python3 {tmp_path / "system.py"} "$@"\n')
    python.chmod(0o755)
    monkeypatch.setattr(phrase_peer, "_PYTHON", python)
    return python


def test_the_phrase_based_system_is_trained_once_for_the_same_pairs(system: Path, tmp_path: Path) -> None:
    sources, targets = [source for source, _ in PAIRS], [target for _, target in PAIRS]
    made = phrase_peer.trained(sources, targets, tmp_path / "phrases")
    assert made.train_seconds == {TUNED: 2, UNTUNED: 1}
    assert made.translate(["the dog", "", "a"], TUNED) == (["el dog", "", "a"], 2)
    assert made.translate(["the dog"], UNTUNED) == (["la dog"], 2)
    (tmp_path / "system.py").write_text("raise SystemExit('not again')")
    assert phrase_peer.trained(sources, targets, tmp_path / "phrases") == made
    with pytest.raises(InputError, match="one of others; give another folder"):
        phrase_peer.trained(targets, sources, tmp_path / "phrases")
    with pytest.raises(WorkError, match="Thot failed: not again"):
        phrase_peer.trained(sources, targets, tmp_path / "more")


def test_an_environment_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(phrase_peer, "_PYTHON", tmp_path / "none")
    with pytest.raises(InputError, match="run `make thot`"):
        phrase_peer.trained(["a"], ["b"], tmp_path / "phrases")


def test_the_table_has_every_system(
    system: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Rules:
        name = "apertium eng-spa"

        def __init__(self, source: str, target: str) -> None:
            assert (source, target) == ("en", "es")

        def translate(self, lines: list[str]) -> list[str]:
            return [dict(PAIRS)[line] for line in lines]

        def system(self, lines: list[str]) -> Any:
            return SimpleNamespace(lines=self.translate(lines), train_seconds=0, translate_seconds=0)

    monkeypatch.setattr(translation_peers, "Apertium", Rules)
    pairs = tmp_path / "pairs"
    pairs.mkdir()
    for name in ("train", "dev"):
        with gzip.open(pairs / f"{name}.tsv.gz", "wt", encoding="utf-8") as stream:
            stream.writelines(f"{source}\t{target}\n" for source, target in PAIRS)
    monkeypatch.setattr(translation_peers, "_own", lambda run, sources: Rules("en", "es").system(sources))
    translation_peers.run(Inputs(tmp_path, pairs=pairs, given_run=Path("mine")))
    shown = capsys.readouterr().out
    systems = ("phrase-based (Thot), tuned", "phrase-based (Thot), untuned", "apertium eng-spa", "source as it is")
    for part in (*systems, "100.0", "version:", "el perro", "mine less phrase-based (Thot), untuned"):
        assert part in shown
    with pytest.raises(InputError, match="`--pairs` must be a folder"):
        translation_peers.run(Inputs(tmp_path))
