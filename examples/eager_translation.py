"""The translator's Transformer trained in eager mode, a step at a time. `python -m examples.eager_translation`.

No graph is compiled: the loop is plain Python, every value in it can be printed, and a debugger stops in any layer. Without
`--dataset` it learns a made-up language whose words stand one for one, in about 100 CPU-seconds.
"""

import argparse
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

import keras
import numpy as np
import pyarrow as pa
import tensorflow as tf

from apps.translation.config import DecodingConfig, NetworkConfig
from apps.translation.decoding import ModelEngine
from apps.translation.model import Batch, PackedBatches, Pairs, Transformer, new_transformer
from apps.translation.model.loss import smoothed_loss
from apps.translation.opened import VOCABULARY
from apps.translation.task import pairs_of
from apps.translation.text import Translator
from apps.translation.text.pieces import SentencePieces
from apps.translation.vocabulary import encode_all, learn
from gristmill.data.dataset import Dataset

__all__ = ["NETWORK", "WORDS", "load", "made_up", "main", "train", "translate"]

WORDS = {"the": "el", "red": "rojo", "old": "viejo", "dog": "perro", "cat": "gato", "sees": "ve", "loves": "ama"}
NETWORK = NetworkConfig(width=64, heads=4, encoder_layers=1, decoder_layers=1, feed_forward=128)


def made_up(sentences: int, seed: int = 0) -> tuple[Pairs, SentencePieces]:
    """Random sentences of `WORDS` with their translations as piece ids, and their vocabulary."""
    random = np.random.default_rng(seed)
    chosen = [random.choice(list(WORDS), random.integers(1, 9)) for _ in range(sentences)]
    texts = [" ".join(words) for words in chosen], [" ".join(WORDS[word] for word in words) for words in chosen]
    vocabulary = learn([*texts[0], *texts[1]], 400)
    ids = (encode_all(vocabulary, pa.array(side)).to_pylist() for side in texts)
    return Pairs(*([np.asarray(row, np.int32) for row in side] for side in ids)), SentencePieces(vocabulary)


def load(dataset: Path) -> tuple[Pairs, SentencePieces]:
    """The training pairs of a dataset that `gristmill ingest translation` wrote, and its vocabulary."""
    opened = Dataset.open(dataset)
    return pairs_of(opened, "train"), SentencePieces(opened.asset(VOCABULARY))


def train(model: Transformer, pairs: Pairs, learning_rate: float = 5e-3) -> Iterator[float]:
    """Takes a step whenever the next loss is asked for, epoch after epoch."""
    batches = PackedBatches(pairs, lengths=(32,), pieces=512, seed=0)
    loss_of = smoothed_loss(model, smoothing=0.1)
    optimizer = keras.optimizers.Adam(learning_rate, beta_2=0.98, epsilon=1e-9)
    variables = model.trainable_variables
    for batch in (batch for epoch in count() for batch in batches(epoch)):
        with tf.GradientTape() as tape:
            loss = loss_of(Batch(*map(tf.constant, batch)))
        gradients = tape.gradient(loss, [variable.value for variable in variables])
        gradients, _ = tf.clip_by_global_norm(gradients, 1.0)
        optimizer.apply(gradients, variables)
        yield float(loss)


def translate(model: Transformer, vocabulary: SentencePieces, sentence: str) -> str:
    """The translation of a sentence by greedy search."""
    engine = ModelEngine(model, DecodingConfig(), rows=1)
    return Translator(engine, vocabulary).translate([sentence])[0]


def main() -> None:
    """Trains, prints the loss of each step, and translates a sentence."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--dataset", type=Path, help="dataset folder of the app translation")
    options.add_argument("--steps", type=int, default=200)
    options.add_argument("--sentence", default="the old dog sees the red cat")
    given = options.parse_args()
    keras.utils.set_random_seed(0)
    pairs, vocabulary = load(given.dataset) if given.dataset else made_up(2000)
    model = new_transformer(len(vocabulary), NETWORK, dropout=0.0)
    for number, loss in enumerate(islice(train(model, pairs), given.steps), start=1):
        print(f"step {number:>4}  loss {loss:.4f}")
    print(f"{given.sentence} -> {translate(model, vocabulary, given.sentence)}")


if __name__ == "__main__":
    main()
