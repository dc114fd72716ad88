"""The benchmark of the translator's quality, with a toy network on made-up pairs."""

import gzip
from pathlib import Path

import pytest

from bench import translation_quality
from bench.inputs import Inputs
from gristmill.errors import InputError

TOY = (
    "network.width=16",
    "network.heads=2",
    "network.encoder_layers=1",
    "network.feed_forward=16",
    "training.epochs=1",
    "decoding.target_pieces=8",
    "decoding.beam=2",
)
NUMBERS = [("one", "uno"), ("two", "dos"), ("three", "tres"), ("four", "cuatro"), ("five", "cinco")]
THINGS = [("houses", "casas"), ("dogs", "perros"), ("cats", "gatos"), ("trees", "árboles"), ("rivers", "ríos")]
PLACES = [("in the north", "en el norte"), ("by the sea", "junto al mar"), ("behind me", "detrás de mí")]


@pytest.mark.slow
def test_each_point_is_trained_by_the_command_line_and_stands_beside_the_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = tmp_path / "pairs"
    pairs.mkdir()
    made = [
        tuple(" ".join(words) for words in zip(a, b, c, strict=True)) for a in NUMBERS for b in THINGS for c in PLACES
    ]
    for name in ("train", "dev"):
        with gzip.open(pairs / f"{name}.tsv.gz", "wt", encoding="utf-8") as stream:
            stream.writelines(f"There are {source}.\tHay {target}.\n" for source, target in made)
    settings = tuple(word for setting in TOY for word in ("--set", setting))
    monkeypatch.setattr(translation_quality, "POINTS", {"a toy": settings})
    monkeypatch.setattr(translation_quality, "_INGEST", ("--pieces", "400", "--held-out", "0.2"))
    translation_quality.run(Inputs(tmp_path, pairs=pairs))
    shown = capsys.readouterr().out
    row = next(line for line in shown.splitlines() if line.startswith("a toy"))
    assert row.split()[-1] == "now" and int(row.split()[-2].replace(",", "")) >= 1
    assert all(name in shown for name in translation_quality.REPORTED)


def test_pairs_must_be_given(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="`--pairs` must be a folder"):
        translation_quality.run(Inputs(tmp_path))
