"""A CTranslate2 model with random weights, of any shape, for speed alone; needs the package ctranslate2."""

from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["make"]

_SPECIAL = ("<blank>", "<s>", "</s>", "<unk>")


def make(folder: Path, vocabulary: int, layers: tuple[int, int], heads: int, width: int, feed_forward: int) -> Path:
    """Writes a pre-norm Transformer with weights in 8-bit integers, of `layers` in encoder and decoder.

    Its pieces are called by their numbers; embeddings are shared by both sides and the output.
    """
    from ctranslate2.specs import TransformerSpec

    random = np.random.default_rng(0)
    spec = TransformerSpec.from_config(layers, heads)

    def fill(linear: Any, into: int, out_of: int) -> None:
        linear.weight = random.normal(scale=into**-0.5, size=(out_of, into)).astype(np.float32)
        linear.bias = np.zeros(out_of, np.float32)

    def settle(norm: Any) -> None:
        norm.gamma, norm.beta = np.ones(width, np.float32), np.zeros(width, np.float32)

    def fill_attention(attention: Any, widths: tuple[int, ...]) -> None:
        settle(attention.layer_norm)
        for linear, times in zip(attention.linear, widths, strict=True):
            fill(linear, width, times * width)

    table = random.normal(scale=width**-0.5, size=(vocabulary, width)).astype(np.float32)
    spec.encoder.embeddings[0].weight = spec.decoder.embeddings.weight = spec.decoder.projection.weight = table
    for side in (spec.encoder, spec.decoder):
        settle(side.layer_norm)
        for layer in side.layer:
            fill_attention(layer.self_attention, (3, 1))
            settle(layer.ffn.layer_norm)
            fill(layer.ffn.linear_0, width, feed_forward)
            fill(layer.ffn.linear_1, feed_forward, width)
    for layer in spec.decoder.layer:
        fill_attention(layer.attention, (1, 2, 1))
    pieces = [*_SPECIAL, *map(str, range(len(_SPECIAL), vocabulary))]
    spec.register_source_vocabulary(pieces)
    spec.register_target_vocabulary(pieces)
    spec.validate()
    spec.optimize("int8")
    folder.mkdir(parents=True)
    spec.save(str(folder))
    return folder
