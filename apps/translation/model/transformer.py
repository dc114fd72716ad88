"""The translator's network: a pre-norm Transformer with one table of embeddings for source, target and output."""

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from apps.translation.model.attention import Attention, DistanceBias, sinusoids, through
from gristmill.lite import round_to_int8

__all__ = ["NEVER", "Transformer", "apart"]

_register = keras.saving.register_keras_serializable(package="gristmill.translation")
NEVER = -1e9
"""Added to a score that must not count."""
_PLACES = 512
"""Places that have a position of their own; the pieces of a longer sentence are an error."""


@_register
class Norm(keras.layers.Layer):
    """States over their root mean square (Zhang and Sennrich 2019, https://arxiv.org/abs/1910.07467), without a gain.

    A gain would be one with the linear map that follows; a lite file folds it in, and so moves weights off their grid.
    """

    def call(self, states: Any) -> Any:
        """States `[..., width]` to states."""
        exact = ops.cast(states, "float32")
        return ops.cast(exact * ops.rsqrt(ops.mean(exact * exact, -1, keepdims=True) + 1e-6), self.compute_dtype)


class _Residual(keras.layers.Layer):
    """What the layers of both sides share: norms, a feed-forward network, and dropout of whole features."""

    def __init__(self, width: int, feed_forward: int, dropout: float, **options: Any) -> None:
        super().__init__(**options)
        self.width, self.feed_forward = width, feed_forward
        small = keras.initializers.VarianceScaling(0.5, "fan_avg", "uniform")
        self.norm_network = Norm(name="norm_network")
        self.expand = keras.layers.Dense(feed_forward, activation="relu", name="expand")
        self.contract = keras.layers.Dense(width, kernel_initializer=small, name="contract")
        self.drop = keras.layers.Dropout(dropout, name="drop")

    def build(self, input_shape: Any = None) -> None:
        """Makes the weights."""
        self.expand.build((None, None, self.width))
        self.contract.build((None, None, self.feed_forward))
        super().build(input_shape)

    def network(self, states: Any, training: bool = False) -> Any:
        """The feed-forward branch added to states `[batch, time, width]`."""
        branch = through(self.contract, through(self.expand, self.norm_network(states)))
        return states + self.drop(branch, training=training)


@_register
class EncoderLayer(_Residual):
    """Self-attention, then a feed-forward network."""

    def __init__(self, width: int, heads: int, feed_forward: int, dropout: float, **options: Any) -> None:
        super().__init__(width, feed_forward, dropout, **options)
        self.norm = Norm(name="norm")
        self.attention = Attention(width, heads, name="attention")

    def build(self, input_shape: Any = None) -> None:
        """Makes the weights."""
        self.attention.build()
        super().build(input_shape)

    def call(self, states: Any, bias: Any, training: bool = False) -> Any:
        """States `[batch, time, width]` with an additive bias of the scores to states."""
        given = self.norm(states)
        mixed, _ = self.attention.attend(self.attention.queries(given), *self.attention.pairs(given), bias)
        return self.network(states + self.drop(mixed, training=training), training)


@_register
class DecoderLayer(_Residual):
    """Self-attention, attention to the source, then a feed-forward network."""

    def __init__(self, width: int, heads: int, feed_forward: int, dropout: float, **options: Any) -> None:
        super().__init__(width, feed_forward, dropout, **options)
        self.norm, self.norm_source = Norm(name="norm"), Norm(name="norm_source")
        self.attention = Attention(width, heads, name="attention")
        self.source = Attention(width, heads, name="source")

    def build(self, input_shape: Any = None) -> None:
        """Makes the weights."""
        for layer in (self.attention, self.source):
            layer.build()
        super().build(input_shape)

    def call(self, states: Any, encoded: Any, biases: tuple[Any, Any], training: bool = False) -> Any:
        """States of the target `[batch, time, width]` to states.

        Args:
            states: Those of the target.
            encoded: Those of the source, `[batch, source time, width]`.
            biases: What is added to the scores of the target's places, and to those of the source's.
            training: Whether to drop.
        """
        given = self.norm(states)
        mixed, _ = self.attention.attend(self.attention.queries(given), *self.attention.pairs(given), biases[0])
        states = states + self.drop(mixed, training=training)
        mixed, _ = self.read(states, self.source.pairs(encoded), biases[1])
        return self.network(states + self.drop(mixed, training=training), training)

    def read(self, states: Any, pairs: tuple[Any, Any], bias: Any) -> tuple[Any, Any]:
        """Attends from states `[batch, time, width]` to keys and values of the source; what is mixed, and the weights."""
        return self.source.attend(self.source.queries(self.norm_source(states)), *pairs, bias)


@_register
class Transformer(keras.Model):
    """Pieces of a source and of a target in, states of the target out; `scores` turns states into scores of pieces.

    Args:
        vocabulary: Number of pieces; piece 0 is padding.
        width: Size of embeddings and states.
        heads: Attention heads; they divide the width.
        encoder_layers: Layers that read the source.
        decoder_layers: Layers that write the target.
        feed_forward: Width inside the feed-forward networks.
        distances: Distances with an attention bias of their own.
        dropout: Share dropped in each residual branch and of the embeddings.
    """

    def __init__(
        self,
        vocabulary: int,
        width: int,
        heads: int,
        encoder_layers: int,
        decoder_layers: int,
        feed_forward: int,
        distances: int,
        dropout: float,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.arguments = {
            "vocabulary": vocabulary,
            "width": width,
            "heads": heads,
            "encoder_layers": encoder_layers,
            "decoder_layers": decoder_layers,
            "feed_forward": feed_forward,
            "distances": distances,
            "dropout": dropout,
        }
        self.vocabulary, self.width, self.heads, self.size = vocabulary, width, heads, width // heads
        shape = (width, heads, feed_forward, dropout)
        self.encoder = [EncoderLayer(*shape, name=f"encoder_{i}") for i in range(encoder_layers)]
        self.decoder = [DecoderLayer(*shape, name=f"decoder_{i}") for i in range(decoder_layers)]
        self.source_bias = DistanceBias(heads, distances, dtype="float32", name="source_bias")
        self.target_bias = DistanceBias(heads, distances, dtype="float32", name="target_bias")
        self.norm_source, self.norm_target = Norm(name="norm_source"), Norm(name="norm_target")
        self.drop = keras.layers.Dropout(dropout, name="drop")

    def build(self, input_shape: Any = None) -> None:
        """Makes the weights."""
        start = keras.initializers.RandomNormal(stddev=self.width**-0.5)
        self.table = self.add_weight(shape=(self.vocabulary, self.width), initializer=start, name="pieces")
        for layers in (self.encoder, self.decoder, (self.source_bias, self.target_bias)):
            for layer in layers:
                layer.build()
        super().build(input_shape)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """States after each piece of the target.

        Args:
            inputs: Six int32 arrays `[batch, time]`: pieces, segments and places of the source, then of the target. A row
                may hold several pairs: a piece sees those of its own segment only, and in the target none after itself.
                Where there is padding, all are 0.
            training: Whether to drop.

        Returns:
            `[batch, time, width]` float32.
        """
        source, source_segments, source_places, target, target_segments, target_places = inputs
        encoded = self.encode(source, source_segments, source_places, training)
        return self.decode(target, target_segments, target_places, encoded, source_segments, training)

    def encode(self, pieces: Any, segments: Any, places: Any, training: bool = False) -> Any:
        """States of the source `[batch, time, width]`."""
        states = self.embed(pieces, places, training)
        steps = ops.arange(ops.shape(pieces)[1])
        bias = self.source_bias(steps, steps) + apart(segments, segments)
        for layer in self.encoder:
            states = layer(states, bias, training=training)
        return self.norm_source(states)

    def decode(
        self, pieces: Any, segments: Any, places: Any, encoded: Any, source_segments: Any, training: bool = False
    ) -> Any:
        """States of the target `[batch, time, width]`, each from the pieces up to its own."""
        states = self.embed(pieces, places, training)
        steps = ops.arange(ops.shape(pieces)[1])
        later = ops.where(ops.expand_dims(steps, 0) > ops.expand_dims(steps, 1), NEVER, 0.0)
        own = self.target_bias(steps, steps) + ops.minimum(apart(segments, segments), later)
        biases = (own, apart(segments, source_segments))
        for layer in self.decoder:
            states = layer(states, encoded, biases, training=training)
        return ops.cast(self.norm_target(states), "float32")

    def embed(self, pieces: Any, places: Any, training: bool = False) -> Any:
        """Pieces and places `[batch, time]` to `[batch, time, width]`."""
        positions = ops.convert_to_tensor(sinusoids(_PLACES, self.width), self.compute_dtype)
        states = ops.cast(ops.take(self.table, pieces, axis=0), self.compute_dtype) * self.width**0.5
        return self.drop(states + ops.take(positions, places, axis=0), training=training)

    def scores(self, states: Any) -> Any:
        """States `[rows, width]` to scores of all pieces, `[rows, vocabulary]`."""
        return tf.matmul(states, tf.convert_to_tensor(self.table), transpose_b=True)

    def round_weights(self) -> None:
        """Rounds tables and kernels to what 8-bit integers hold, so that a file of a quarter of the size gives the same."""
        for weight in self.trainable_variables:
            if len(weight.shape) == 2:
                weight.assign(round_to_int8(weight, axis=0 if weight is self.table else -1))

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return super().get_config() | self.arguments


def apart(queries: Any, keys: Any) -> Any:
    """Segments `[batch, time]` and `[batch, keys]` to a bias `[batch, 1, time, keys]` that parts them."""
    same = ops.equal(ops.expand_dims(queries, 2), ops.expand_dims(keys, 1))
    return ops.expand_dims(ops.where(same, 0.0, NEVER), 1)
