"""PyTorch's Transformer for `translation_training`; runs in an environment that has torch and numpy, and nothing of ours.

`python -m bench.translation_torch PAIRS BATCH ENCODER DECODER DROPOUT`. Pre-norm, embeddings shared by both sides and the
output, batches of about the same length, scores of real pieces alone, and PyTorch's fused Adam.
"""

import json
import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench import sentences

__all__ = ["batches", "measure"]

_PAD, _BEGIN, _END = 0, 1, 2
_WIDTH, _HEADS, _FEED_FORWARD, _VOCABULARY = 128, 4, 512, 4000


def batches(pairs: Any, pieces: int, seed: int) -> Iterator[tuple[Any, Any, Any]]:
    """An epoch of padded source, target and wanted `[rows, length]`, with about so many pieces of the target each.

    Pairs are sorted by length, those of the same length in random order, and the batches come in random order.
    """
    random = np.random.default_rng(seed)
    source, target = pairs
    sizes = np.array([(len(second) + 1, len(first) + 1) for first, second in zip(source, target, strict=True)])
    order = np.lexsort((random.permutation(len(sizes)), sizes[:, 1], sizes[:, 0]))
    ends = np.cumsum(sizes[order, 0]) // pieces
    groups = np.split(order, np.flatnonzero(np.diff(ends)) + 1)
    for place in random.permutation(len(groups)):
        rows = groups[place]
        yield (
            _padded([[*source[row], _END] for row in rows]),
            _padded([[_BEGIN, *target[row]] for row in rows]),
            _padded([[*target[row], _END] for row in rows]),
        )


def _padded(rows: list[list[int]]) -> Any:
    made = np.full((len(rows), max(map(len, rows))), _PAD, np.int64)
    for row, pieces in zip(made, rows, strict=True):
        row[: len(pieces)] = pieces
    return made


def _network(encoder: int, decoder: int, dropout: float) -> Any:
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            shape = {"dropout": dropout, "batch_first": True, "norm_first": True}
            self.table = nn.Embedding(_VOCABULARY, _WIDTH, padding_idx=_PAD)
            nn.init.normal_(self.table.weight, std=_WIDTH**-0.5)
            self.dropout = nn.Dropout(dropout)
            layer = nn.TransformerEncoderLayer(_WIDTH, _HEADS, _FEED_FORWARD, **shape)
            self.encoder = nn.TransformerEncoder(layer, encoder, nn.LayerNorm(_WIDTH), enable_nested_tensor=False)
            other = nn.TransformerDecoderLayer(_WIDTH, _HEADS, _FEED_FORWARD, **shape)
            self.decoder = nn.TransformerDecoder(other, decoder, nn.LayerNorm(_WIDTH))
            self.register_buffer("places", _waves(sentences.LONGEST + 1))

        def embedded(self, pieces: Any) -> Any:
            return self.dropout(self.table(pieces) * math.sqrt(_WIDTH) + self.places[: pieces.shape[1]])

        def forward(self, source: Any, target: Any, wanted: Any) -> Any:
            padding, length = source == _PAD, target.shape[1]
            read = self.encoder(self.embedded(source), src_key_padding_mask=padding)
            later = nn.Transformer.generate_square_subsequent_mask(length)
            states = self.decoder(
                self.embedded(target), read, tgt_mask=later, memory_key_padding_mask=padding, tgt_is_causal=True
            )
            real = wanted != _PAD
            scores = states[real] @ self.table.weight.T
            return nn.functional.cross_entropy(scores, wanted[real], label_smoothing=0.1)

    torch.manual_seed(0)
    return Network()


def _waves(length: int) -> Any:
    import torch

    angles = torch.arange(length)[:, None] * 10_000.0 ** -(torch.arange(0, _WIDTH, 2) / _WIDTH)
    return torch.stack([angles.sin(), angles.cos()], 2).reshape(length, _WIDTH)


def measure(path: Path, pieces: int, encoder: int, decoder: int, dropout: float) -> dict[str, float]:
    """Pieces of the target, steps and CPU-seconds of an epoch after one that warms up, and weights of the network."""
    import torch

    torch.set_num_threads(1)
    pairs, model = sentences.read(path), _network(encoder, decoder, dropout)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, betas=(0.9, 0.98), eps=1e-9, fused=True)
    model.train()
    for seed in range(2):
        start, counted, steps = time.process_time(), 0, 0
        for batch in batches(pairs, pieces, seed):
            optimizer.zero_grad(set_to_none=True)
            loss = model(*map(torch.from_numpy, batch))
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            counted += int((batch[2] != _PAD).sum())
            steps += 1
        cpu = time.process_time() - start
    weights = sum(weight.numel() for weight in model.parameters())
    return {"pieces": counted, "steps": steps, "cpu": cpu, "weights": weights}


def main() -> None:
    """Prints what was measured as JSON."""
    path, pieces, encoder, decoder, dropout = sys.argv[1:]
    print(json.dumps(measure(Path(path), int(pieces), int(encoder), int(decoder), float(dropout))))


if __name__ == "__main__":
    main()
