"""Greedy search for `translation_speed`, one thread: `python -m bench.translation_decoding SYSTEM FILE` measures one system.

Every system writes `LENGTH` pieces for each source of as many.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

__all__ = ["BATCH", "LENGTH", "measure", "searches"]

LENGTH = 10
BATCH = 32
"""Sentences that those systems which can translate together."""
_SENTENCES = {1: 60, BATCH: 640}
_ROUNDS = 3
_VOCABULARY = 8000

Search = Callable[[list[list[int]]], int]
"""Translates sentences and tells how many pieces it wrote."""


def searches(system: str, path: Path) -> dict[int, Search]:
    """How a system translates, by the number of sentences that it takes together.

    Args:
        system: "lite", "saved_model", "keras" or "ctranslate2".
        path: A lite file, a SavedModel, a Keras model, or a CTranslate2 model.
    """
    made: dict[int, Search] = {
        "lite": _lite,
        "saved_model": _saved_model,
        "keras": _keras,
        "ctranslate2": _ctranslate2,
    }[system](path)
    return made


def measure(search: Search, rows: int) -> float:
    """Pieces per CPU-second, the median of some rounds."""
    random = np.random.default_rng(1)
    sentences = random.integers(4, _VOCABULARY, (_SENTENCES[rows], LENGTH)).tolist()
    batches = [sentences[start : start + rows] for start in range(0, len(sentences), rows)]
    search(batches[0])
    rates = []
    for _ in range(_ROUNDS):
        start = time.process_time()
        written = sum(map(search, batches))
        rates.append(written / (time.process_time() - start))
    return median(rates)


def _lite(path: Path) -> dict[int, Search]:
    from gristmill.lite import LiteModel

    model = LiteModel(path)
    return {1: _one_at_a_time(lambda **given: model("translate", **given)["pieces"])}


def _saved_model(path: Path) -> dict[int, Search]:
    import tensorflow as tf

    loaded = tf.saved_model.load(path)
    translate = loaded.signatures["translate"]

    def call(**given: Any) -> Any:
        return translate(**{name: tf.constant(value) for name, value in given.items()})["pieces"].numpy()

    return {1: _one_at_a_time(call)}


def _one_at_a_time(call: Callable[..., Any]) -> Search:
    from apps.translation.config import DecodingConfig
    from apps.translation.decoding.engine import request

    def search(sentences: list[list[int]]) -> int:
        given = request(sentences[0], DecodingConfig().source_pieces)
        return int(np.count_nonzero(call(**(given | {"limit": np.array([LENGTH], np.int32)}))))

    return search


def _keras(path: Path) -> dict[int, Search]:
    import keras
    import tensorflow as tf

    import apps.translation.model  # noqa: F401  (its layers)
    from apps.translation.decoding.greedy import greedy
    from apps.translation.pieces import END

    model = keras.saving.load_model(path, compile=False)

    @tf.function(reduce_retracing=True)
    def translate(source: Any, limit: Any) -> Any:
        return greedy(model, source, limit, None).pieces

    def search(sentences: list[list[int]]) -> int:
        source = np.array([[*pieces, END] for pieces in sentences], np.int32)
        return int(np.count_nonzero(translate(tf.constant(source), tf.constant(LENGTH)).numpy()))

    return {1: search, BATCH: search}


def _ctranslate2(path: Path) -> dict[int, Search]:
    import ctranslate2

    model = ctranslate2.Translator(str(path), compute_type="int8", inter_threads=1, intra_threads=1)

    def search(sentences: list[list[int]]) -> int:
        source = [[*map(str, pieces), "</s>"] for pieces in sentences]
        found = model.translate_batch(source, beam_size=1, min_decoding_length=LENGTH, max_decoding_length=LENGTH)
        return sum(len(one.hypotheses[0]) for one in found)

    return {1: search, BATCH: search}


def main() -> None:
    """Prints pieces per CPU-second by the number of sentences as JSON."""
    if sys.argv[1] in {"saved_model", "keras"}:
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    found = searches(sys.argv[1], Path(sys.argv[2]))
    print(json.dumps({rows: measure(search, rows) for rows, search in found.items()}))


if __name__ == "__main__":
    main()
