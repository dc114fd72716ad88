"""Our training loop for `translation_training`: `python -m bench.translation_ours PAIRS PLACES ENCODER DECODER DROPOUT [xla]`."""

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import tensorflow as tf

from apps.translation.config import NetworkConfig, TrainingConfig
from apps.translation.model import Batch, PackedBatches, Pairs, make_step, new_transformer
from bench import sentences
from gristmill.training import Observer, train

__all__ = ["ROW_LENGTHS", "measure"]

ROW_LENGTHS = (32,)
_EPOCHS = 2


class _Clock(Observer):
    """CPU-seconds of the last epoch."""

    start = cpu = 0.0

    def begin_epoch(self, epoch: int) -> None:
        self.start = time.process_time()

    def epoch(self, epoch: int, step: int, figures: Mapping[str, float]) -> bool:
        self.cpu = time.process_time() - self.start
        return False


def measure(path: Path, vocabulary: int, network: NetworkConfig, config: TrainingConfig) -> dict[str, float]:
    """Pieces of the target, steps and CPU-seconds of an epoch after one that warms up, and weights of the network."""
    pairs = Pairs(*sentences.read(path))
    batches = PackedBatches(pairs, config.row_lengths, config.batch_pieces, seed=0)
    model = new_transformer(vocabulary, network, config.dropout)
    steps, clock = batches.count(_EPOCHS - 1), _Clock()
    step = make_step(model, config, _EPOCHS * steps)

    def given(epoch: int, first: int) -> list[Batch]:
        return [Batch(*map(tf.constant, batch)) for batch in batches(epoch, first)]

    train(step, given, epochs=_EPOCHS, steps_per_epoch=steps, observers=[clock])
    pieces = sum(len(row) + 1 for row in pairs.target)
    return {"pieces": pieces, "steps": steps, "cpu": clock.cpu, "weights": model.count_params()}


def main() -> None:
    """Prints what was measured as JSON."""
    path, places, encoder, decoder, dropout, *xla = sys.argv[1:]
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    network = NetworkConfig(
        width=128, heads=4, feed_forward=512, encoder_layers=int(encoder), decoder_layers=int(decoder)
    )
    config = TrainingConfig(
        batch_pieces=int(places), row_lengths=ROW_LENGTHS, dropout=float(dropout), jit_compile=bool(xla)
    )
    print(json.dumps(measure(Path(path), 4000, network, config)))


if __name__ == "__main__":
    main()
