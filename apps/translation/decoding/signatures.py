"""The functions of a lite file: whole translations in one call, or the encoder and one step of the decoder for streaming."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from apps.translation.config import DecodingConfig
from apps.translation.decoding.beam import beam_search
from apps.translation.decoding.greedy import Found, greedy
from apps.translation.decoding.step import Source, read_source, step
from apps.translation.model.transformer import Transformer
from gristmill.lite import Signature

__all__ = ["signatures"]


def signatures(model: Transformer, config: DecodingConfig) -> list[Signature]:
    """`translate`, `beam`, `encode` and `step`, each for one sentence.

    `translate` (greedy) and `beam` take `source`, the pieces of a sentence with `END` and padding, and `limit`, the most
    pieces to write. They give `pieces` (without `END`, then padding), the best hypothesis first, and `beam` gives their
    `scores`.

    `encode` gives what `step` takes beside the `piece` (`BEGIN` first), its `place` (from 0) and the cache `keys` and
    `values` (0 at first); `step` gives the cache to hand to the next, the log probabilities `scores` of all pieces, and
    `attention`, how much it looked at each piece of the source.
    """
    given = {"source": ((1, config.source_pieces), "int32"), "limit": ((1,), "int32")}
    return [
        Signature("translate", _translate(model, config), given),
        Signature("beam", _beam(model, config), given),
        Signature("encode", _encode(model), {"source": given["source"]}),
        Signature("step", _step(model), _step_inputs(model, config)),
    ]


def _translate(model: Transformer, config: DecodingConfig) -> Any:
    def translate(source: Any, limit: Any) -> Mapping[str, Any]:
        return {"pieces": greedy(model, trimmed(source), limit[0], config.target_pieces).pieces[:, 0]}

    return translate


def _beam(model: Transformer, config: DecodingConfig) -> Any:
    def beam(source: Any, limit: Any) -> Mapping[str, Any]:
        found: Found = beam_search(
            model, trimmed(source), limit[0], config.target_pieces, config.beam, config.length_power
        )
        return found._asdict()

    return beam


def _encode(model: Transformer) -> Any:
    def encode(source: Any) -> Mapping[str, Any]:
        read = read_source(model, source)
        return {
            "source_keys": tf.stack(read.pairs[::2]),
            "source_values": tf.stack(read.pairs[1::2]),
            "source_bias": read.bias,
        }

    return encode


def _step(model: Transformer) -> Any:
    def one(piece: Any, place: Any, keys: Any, values: Any, **given: Any) -> Mapping[str, Any]:
        source = Source(_alternate(given["source_keys"], given["source_values"]), given["source_bias"])
        scores, cache, attention = step(model, piece, place[0], _alternate(keys, values), source)
        return {
            "scores": tf.nn.log_softmax(scores),
            "keys": tf.stack(cache[::2]),
            "values": tf.stack(cache[1::2]),
            "attention": attention[:, 0],
        }

    return one


def _step_inputs(model: Transformer, config: DecodingConfig) -> dict[str, tuple[tuple[int, ...], str]]:
    layers = len(model.decoder)
    cache = ((layers, 1, model.heads, config.target_pieces, model.size), "float32")
    source = ((layers, 1, model.heads, config.source_pieces, model.size), "float32")
    return {
        "piece": ((1,), "int32"),
        "place": ((1,), "int32"),
        "keys": cache,
        "values": cache,
        "source_keys": source,
        "source_values": source,
        "source_bias": ((1, 1, 1, config.source_pieces), "float32"),
    }


def _alternate(keys: Any, values: Any) -> tuple[Any, ...]:
    return tuple(part for pair in zip(tf.unstack(keys), tf.unstack(values), strict=True) for part in pair)


def trimmed(source: Any) -> Any:
    """Sentences without the padding that all of them have, so that short ones are fast."""
    return source[:, : tf.reduce_max(tf.reduce_sum(tf.cast(source != 0, tf.int32), 1))]
