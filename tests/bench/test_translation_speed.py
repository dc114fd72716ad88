"""The benchmarks of the translator's speed on tiny input; no test looks at a time."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from apps.translation.config import DecodingConfig, NetworkConfig, TrainingConfig
from apps.translation.decoding.signatures import signatures
from apps.translation.model import new_transformer
from apps.translation.pieces import END
from bench import measured, sentences, translation_decoding, translation_ours, translation_torch, translation_training
from bench.inputs import Inputs
from bench.translation_ctranslate2 import make
from gristmill.errors import WorkError
from gristmill.lite import export_saved_model

TINY = NetworkConfig(width=8, heads=2, encoder_layers=1, decoder_layers=1, feed_forward=16)


def same(first: Any, second: Any) -> bool:
    return all(list(map(list, one)) == list(map(list, other)) for one, other in zip(first, second, strict=True))


def test_sentences_are_shared_by_a_file(tmp_path: Path) -> None:
    pairs = sentences.make(50, 20)
    sentences.write(tmp_path / "pairs.npz", pairs)
    assert same(sentences.read(tmp_path / "pairs.npz"), pairs)
    assert all(1 <= len(row) <= sentences.LONGEST and min(row) >= 4 for side in pairs for row in side)


def test_the_peer_trains_on_the_same_pieces_in_batches_of_about_the_same_length() -> None:
    pairs = sentences.make(400, 20)
    batches = list(translation_torch.batches(pairs, 256, seed=1))
    counted = [int((wanted != 0).sum()) for _, _, wanted in batches]
    assert sum(counted) == sum(len(row) + 1 for row in pairs[1])
    assert all(abs(count - 256) <= sentences.LONGEST + 1 for count in counted[:-1] if count != min(counted))
    filled = np.mean([(wanted != 0).mean() for _, _, wanted in batches])
    assert filled > 0.9
    found = [
        (list(row[row > 2]), list(other[other > 2])) for s, _, w in batches for row, other in zip(s, w, strict=True)
    ]
    assert sorted(found) == sorted((list(first), list(second)) for first, second in zip(*pairs, strict=True))
    for _, target, wanted in batches:
        assert (target[:, 0] == 1).all()
        for row, other in zip(target, wanted, strict=True):
            assert list(row[1:][row[1:] > 2]) == list(other[other > 2])


def test_our_loop_counts_every_piece_of_an_epoch(tmp_path: Path) -> None:
    pairs = sentences.make(40, 20)
    sentences.write(tmp_path / "pairs.npz", pairs)
    config = TrainingConfig(batch_pieces=128, row_lengths=translation_ours.ROW_LENGTHS)
    told = translation_ours.measure(tmp_path / "pairs.npz", 20, TINY, config)
    assert told["pieces"] == sum(len(row) + 1 for row in pairs[1])
    assert told["steps"] > 1 and told["cpu"] > 0


def test_pytorch_trains_where_it_is(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="needs torch")
    pairs = sentences.make(40, 20)
    sentences.write(tmp_path / "pairs.npz", pairs)
    told = translation_torch.measure(tmp_path / "pairs.npz", 128, 1, 1, 0.0)
    assert told["pieces"] == sum(len(row) + 1 for row in pairs[1])


def test_the_table_of_training_has_rates_and_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[list[str]] = []

    def told(command: list[str], **environment: str) -> dict[str, Any] | str:
        asked.append(command)
        if command[-1] == "xla":
            return "not measured: No module named 'some'"
        return {"pieces": 100, "steps": 2, "cpu": 2.0 if "bench.translation_torch" in command else 1.0, "weights": 5}

    monkeypatch.setattr(translation_training, "measure", told)
    translation_training.run(Inputs(tmp_path))
    shown = capsys.readouterr().out
    assert all(text in shown for text in ("tiny", "JoeyNMT", "2.00", "No module named 'some'"))
    sizes = {command[4] for command in asked if "bench.translation_torch" in command}
    assert len(sizes) == 1 and 1500 < int(sizes.pop()) <= 2048


def test_what_a_process_prints_last_is_what_it_measured() -> None:
    python = measured.sys.executable
    assert measured.measure([python, "-c", "import os; print(1); print(os.environ['X'])"], X="{}") == {}
    assert measured.measure([python, "-c", "import nothing_of_this_name"]) == (
        "not measured: No module named 'nothing_of_this_name'"
    )
    with pytest.raises(WorkError, match="failed: none"):
        measured.measure([python, "-c", "raise SystemExit('none')"])


def test_our_searches_write_as_many_pieces_as_asked(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    model = new_transformer(20, TINY, 0.0)
    table = model.table.numpy()
    table[END] = 0.0
    model.table.assign(table)
    model.save(tmp_path / "model.keras")
    decoding = DecodingConfig()
    saved = export_saved_model(model, signatures(model, decoding)[:1], tmp_path / "saved")
    given = np.random.default_rng(0).integers(4, 20, (2, translation_decoding.LENGTH)).tolist()
    batches = translation_decoding.searches("keras", tmp_path / "model.keras")
    assert batches[translation_decoding.BATCH](given) == 2 * translation_decoding.LENGTH
    single = translation_decoding.searches("saved_model", saved)
    assert single[1](given[:1]) == translation_decoding.LENGTH


def test_ctranslate2_writes_as_many_pieces_as_asked(tmp_path: Path) -> None:
    pytest.importorskip("ctranslate2", reason="the group bench is not installed")
    path = make(tmp_path / "peer", 20, (2, 1), 2, 8, 16)
    search = translation_decoding.searches("ctranslate2", path)[translation_decoding.BATCH]
    given = np.random.default_rng(0).integers(4, 20, (3, translation_decoding.LENGTH)).tolist()
    assert search(given) == 3 * translation_decoding.LENGTH
    assert json.loads((path / "config.json").read_text())["eos_token"] == "</s>"


def test_batches_of_the_peer_come_in_another_order_each_epoch() -> None:
    pairs = sentences.make(200, 20)
    orders = [[wanted.shape for _, _, wanted in translation_torch.batches(pairs, 128, seed)] for seed in (0, 1)]
    assert orders[0] != orders[1] and any(first != second for first, second in pairwise(orders[0]))
