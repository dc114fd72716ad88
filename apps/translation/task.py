"""The translator as a task of the app: trained, scored beside its peers, and exported."""

import json
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from apps.translation.config import TranslationConfig
from apps.translation.decoding import ModelEngine
from apps.translation.decoding.engine import request, without_padding
from apps.translation.decoding.signatures import signatures
from apps.translation.evaluation import TRANSLATIONS, kept_bytes
from apps.translation.evaluation import baselines as peers
from apps.translation.evaluation import evaluate as report_of
from apps.translation.evaluation import score as scores_of
from apps.translation.model import Pairs, Transformer, train_transformer
from apps.translation.opened import ABOUT, VOCABULARY
from apps.translation.text import Translator
from apps.translation.text.pieces import SentencePieces
from gristmill.app import Outputs, Work
from gristmill.data.dataset import Dataset
from gristmill.lite import Signature

__all__ = ["agreement", "assets", "baselines", "evaluate", "fit", "pairs_of", "requests", "score", "signature"]

_REQUESTS = 500


def fit(work: Work) -> Transformer:
    """Trains; the cross-entropy of a piece on validation chooses the epoch.

    Raises:
        InputError: No pair fits into the rows that the settings allow.
    """
    config: TranslationConfig = work.config
    pairs, held_out = (pairs_of(work.dataset, split) for split in ("train", "validation"))
    size = len(_vocabulary(work.dataset))
    options = work.training("translate")
    return train_transformer(pairs, held_out, size, config.network, config.training, work.seed, **options)


def pairs_of(dataset: Dataset, split: str) -> Pairs:
    """The pairs of a split as piece ids."""
    table = dataset.read(split)
    return Pairs(*(_arrays(table.column(name)) for name in ("source_ids", "target_ids")))


def _arrays(column: pa.ChunkedArray) -> list[np.ndarray]:
    """A column of lists as arrays, without a copy of what they hold."""
    found: list[np.ndarray] = []
    for chunk in column.chunks:
        values = chunk.flatten().to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
        starts = np.concatenate([[0], np.cumsum(chunk.value_lengths().to_numpy(zero_copy_only=False))])
        found += [values[start:stop] for start, stop in pairwise(starts)]
    return found


@lru_cache(maxsize=1)
def _vocabulary(dataset: Dataset) -> SentencePieces:
    return SentencePieces(dataset.asset(VOCABULARY))


def evaluate(model: Transformer, work: Work, split: str) -> dict[str, float]:
    """BLEU and chrF of beam search on a split; its translations, examples and signatures are kept with the figures."""
    config: TranslationConfig = work.config
    sources, references = _texts(work.dataset, split)
    translator = Translator(
        ModelEngine(model, config.decoding), _vocabulary(work.dataset), beam=config.decoding.beam, batch_rows=32
    )
    with work.progress.task(f"translate {split}", len(sources)) as bar:
        lines = translator.translate(sources, lambda done: bar.advance(round(done)))
    report = report_of({"translate": lines}, sources, references)
    work.keep(TRANSLATIONS, kept_bytes(sources, references, lines))
    work.keep("report.json", json.dumps(report.as_dict(), indent=1, ensure_ascii=False).encode())
    return dict(report.scores["translate"].values)


def baselines(work: Work, split: str) -> dict[str, dict[str, float]]:
    """The source as it is, and Apertium where it is installed."""
    return peers(*_texts(work.dataset, split), _languages(work.dataset), work.progress.line)


def signature(model: Transformer, work: Work) -> list[Signature]:
    """`translate`, `beam`, `encode` and `step`; see `apps.translation.decoding.signatures`."""
    return signatures(model, work.config.decoding)


def assets(work: Work) -> dict[str, bytes]:
    """The vocabulary, the languages, and `signature.json`: how to call the file."""
    decoding = work.config.decoding
    source, target = _languages(work.dataset)
    use = {
        "translate": f"source: piece ids, then 2, padded with 0 to {decoding.source_pieces}; limit: most pieces to write. "
        "pieces: the translation by greedy search, padded with 0",
        "beam": f"as translate; pieces and scores of {decoding.beam} translations, the best first",
        "encode": "source: as translate; what step reads of it",
        "step": "piece: 1 at first; place: from 0; keys, values: 0 at first; source_keys, source_values, source_bias: from "
        "encode. scores: log probabilities of the next piece; keys, values: for the next step",
    }
    about = {"source_language": source, "target_language": target}
    return {
        VOCABULARY: work.dataset.asset(VOCABULARY),
        ABOUT: json.dumps(about, indent=1).encode(),
        "signature.json": json.dumps(use, indent=1).encode(),
    }


def requests(work: Work, split: str) -> list[dict[str, Any]]:
    """Sentences of a split at even distances, one a call."""
    pairs, places = pairs_of(work.dataset, split), work.config.decoding.source_pieces
    return [request(pairs.source[row].tolist(), places) for row in _asked(pairs, places)]


def _asked(pairs: Pairs, places: int) -> list[int]:
    fitting = [row for row, source in enumerate(pairs.source) if 0 < len(source) < places]
    return [fitting[i] for i in np.unique(np.linspace(0, len(fitting) - 1, _REQUESTS).round().astype(int))]


def score(outputs: Sequence[Outputs], work: Work, split: str) -> dict[str, float]:
    """BLEU and chrF of the pieces that the exported function gives, as they are."""
    pairs = pairs_of(work.dataset, split)
    vocabulary = _vocabulary(work.dataset)
    wanted = [
        vocabulary.decode(pairs.target[row].tolist()) for row in _asked(pairs, work.config.decoding.source_pieces)
    ]
    found = [vocabulary.decode(without_padding(output["pieces"][0])) for output in outputs]
    return dict(scores_of(found, wanted).values)


def agreement(reference: Sequence[Outputs], outputs: Sequence[Outputs]) -> float:
    """Share of sentences with the same pieces."""
    sides = zip(reference, outputs, strict=True)
    return float(np.mean([np.array_equal(first["pieces"], second["pieces"]) for first, second in sides]))


def _texts(dataset: Dataset, split: str) -> tuple[list[str], list[str]]:
    table = dataset.read(split)
    return table.column("source").to_pylist(), table.column("target").to_pylist()


def _languages(dataset: Dataset) -> tuple[str, str]:
    info = dataset.manifest.info
    return info["source_language"], info["target_language"]
