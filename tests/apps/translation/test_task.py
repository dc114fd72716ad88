"""The task of the app: from a dataset to a scored, exported translator, on made-up pairs whose words stand one for one."""

import io
import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf

from apps.translation import task
from apps.translation.config import TranslationConfig
from apps.translation.decoding.engine import request, without_padding
from apps.translation.model import Transformer
from gristmill.app import Work
from gristmill.config import build_config
from gristmill.progress import Silent

WORDS = {"the": "el", "dog": "perro", "cat": "gato", "sees": "ve", "house": "casa", "red": "rojo"}


def sentences(count: int, seed: int) -> list[tuple[str, str]]:
    random = np.random.default_rng(seed)
    chosen = [random.choice(list(WORDS), random.integers(1, 5)) for _ in range(count)]
    return [(" ".join(words), " ".join(WORDS[word] for word in words)) for words in chosen]


@dataclass(eq=False)
class Made:
    """What the task reads of a dataset."""

    pieces: bytes
    splits: dict[str, list[tuple[str, str]]]
    manifest: Any = field(
        default_factory=lambda: SimpleNamespace(info={"source_language": "en", "target_language": "es"})
    )

    def asset(self, name: str) -> bytes:
        assert name == "vocabulary/pieces.model"
        return self.pieces

    def read(self, split: str) -> pa.Table:
        from sentencepiece import SentencePieceProcessor

        processor = SentencePieceProcessor(model_proto=self.pieces)
        columns = {}
        for place, side in enumerate(("source", "target")):
            texts = [pair[place] for pair in self.splits[split]]
            columns[side] = pa.array(texts)
            columns[f"{side}_ids"] = pa.array(processor.encode(texts), pa.list_(pa.int32()))
        return pa.concat_tables([pa.table(columns).slice(0, 7), pa.table(columns).slice(7)])


@pytest.fixture(scope="module")
def dataset() -> Made:
    sentencepiece = pytest.importorskip("sentencepiece")
    splits = {"train": sentences(1500, 0), "validation": sentences(40, 1), "test": sentences(60, 2)}
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([text for pair in splits["train"] for text in pair]),
        model_writer=model,
        vocab_size=50,
        hard_vocab_limit=False,
        pad_id=0,
        bos_id=1,
        eos_id=2,
        unk_id=3,
        minloglevel=2,
    )
    return Made(model.getvalue(), splits)


@pytest.fixture(scope="module")
def kept() -> dict[str, bytes]:
    return {}


@pytest.fixture(scope="module")
def work(dataset: Made, kept: dict[str, bytes]) -> Work:
    settings = {
        "network.width": 32,
        "network.heads": 2,
        "network.encoder_layers": 1,
        "network.feed_forward": 64,
        "training.epochs": 6,
        "training.batch_pieces": 128,
        "training.row_lengths": (16,),
        "training.learning_rate": 0.01,
        "training.warm_up": 20,
        "training.dropout": 0.0,
        "training.jit_compile": False,
        "decoding.beam": 2,
        "decoding.source_pieces": 16,
        "decoding.target_pieces": 16,
    }
    config = build_config(TranslationConfig, settings, [])
    return Work(dataset, config, 1, Silent(), keep=kept.__setitem__)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def model(work: Work) -> Transformer:
    return task.fit(work)


def test_pairs_are_those_of_all_parts_of_the_table(dataset: Made) -> None:
    pairs = task.pairs_of(dataset, "test")  # type: ignore[arg-type]
    column = dataset.read("test").column("target_ids").to_pylist()
    assert [row.tolist() for row in pairs.target] == column
    assert len(pairs.source) == 60


def test_a_trained_translator_is_right_on_sentences_it_has_not_seen(
    model: Transformer, work: Work, kept: dict[str, bytes]
) -> None:
    metrics = task.evaluate(model, work, "test")
    assert metrics["chrf"] > 90
    assert len(kept["translations.tsv"].decode().splitlines()) == 60
    assert json.loads(kept["report.json"])["sentences"] == 60


def test_the_exported_function_scores_as_the_translator(model: Transformer, work: Work) -> None:
    translate = task.signature(model, work)[0]
    requests = task.requests(work, "test")
    graph = tf.function(translate.function)
    outputs = [{name: value.numpy() for name, value in graph(**given).items()} for given in requests]
    assert translate.name == "translate"
    assert len(requests) == 60
    assert task.score(outputs, work, "test")["chrf"] > 90
    assert task.agreement(outputs, outputs) == 1.0
    other = [{"pieces": output["pieces"] + (row == 0)} for row, output in enumerate(outputs)]
    assert task.agreement(outputs, other) == pytest.approx(59 / 60)


def test_what_travels_in_a_lite_file(work: Work) -> None:
    assets = task.assets(work)
    assert set(assets) == {"vocabulary/pieces.model", "translation.json", "signature.json"}
    assert json.loads(assets["translation.json"]) == {"source_language": "en", "target_language": "es"}
    assert set(json.loads(assets["signature.json"])) == {"translate", "beam", "encode", "step"}


def test_a_request_is_padded_and_limited() -> None:
    given = request([5, 6], 8)
    assert given["source"].tolist() == [[5, 6, 2, 0, 0, 0, 0, 0]]
    assert given["limit"].tolist() == [40]
    assert without_padding(np.array([5, 6, 0, 0], np.int32)) == [5, 6]
