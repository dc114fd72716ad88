"""The retrieval model: a causal Transformer over a user's events that scores every item as the next one.

Source: Kang, McAuley 2018 (SASRec), https://arxiv.org/abs/1808.09781, with full softmax, a learned bias for each
relative distance in place of positions, and rows packed from several users.
"""

from typing import Any

import keras
import numpy as np
from keras import ops

__all__ = ["NextItemModel"]

_register = keras.saving.register_keras_serializable(package="gristmill.recommend")
_NEVER = -1e9


@_register
class Block(keras.layers.Layer):
    """A pre-norm Transformer block: attention with relative biases, then a feed-forward network."""

    def __init__(self, width: int, heads: int, window: int, dropout: float, **options: Any) -> None:
        super().__init__(**options)
        self.width, self.heads, self.window, self.dropout = width, heads, window, dropout
        small = keras.initializers.RandomNormal(stddev=0.5 / width**0.5)
        self.norm_attention = keras.layers.LayerNormalization(epsilon=1e-6)
        self.norm_network = keras.layers.LayerNormalization(epsilon=1e-6)
        self.project_in = keras.layers.Dense(3 * width, kernel_initializer=small)
        self.project_out = keras.layers.Dense(width, kernel_initializer=small)
        self.expand = keras.layers.Dense(4 * width)
        self.contract = keras.layers.Dense(width, kernel_initializer=small)
        self.drop = keras.layers.Dropout(dropout)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the weights for inputs `[batch, window, width]`."""
        self.distance_bias = self.add_weight(shape=(self.heads, self.window), initializer="zeros", name="distance_bias")
        for layer in (self.norm_attention, self.norm_network, self.project_in, self.expand):
            layer.build((None, self.window, self.width))
        self.project_out.build((None, self.window, self.width))
        self.contract.build((None, self.window, 4 * self.width))

    def call(self, hidden: Any, mask: Any, training: bool = False) -> Any:
        """`[batch, window, width]` and an additive mask `[batch, 1, window, window]` to `[batch, window, width]`."""
        attended = self._attend(self.norm_attention(hidden), mask)
        hidden = hidden + self.drop(attended, training=training)
        network = self.contract(ops.gelu(self.expand(self.norm_network(hidden)), approximate=True))
        return hidden + self.drop(network, training=training)

    def _attend(self, hidden: Any, mask: Any) -> Any:
        size = self.width // self.heads
        parts = ops.split(self.project_in(hidden), 3, axis=-1)
        query, key, value = (
            ops.transpose(ops.reshape(part, (-1, self.window, self.heads, size)), (0, 2, 1, 3)) for part in parts
        )
        scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2))) * size**-0.5
        place = np.arange(self.window)
        distance = np.maximum(place[:, None] - place[None, :], 0)
        bias = ops.take(self.distance_bias, ops.convert_to_tensor(distance, "int32"), axis=1)
        weights = ops.softmax(scores + ops.expand_dims(bias, 0) + mask)
        mixed = ops.transpose(ops.matmul(weights, value), (0, 2, 1, 3))
        return self.project_out(ops.reshape(mixed, (-1, self.window, self.width)))

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        own = {"width": self.width, "heads": self.heads, "window": self.window, "dropout": self.dropout}
        return super().get_config() | own


@_register
class NextItemModel(keras.Model):
    """Item indices in, a hidden state for each event out; `scores` turns states into scores of all items.

    Args:
        items: Number of items; index 0 is padding.
        width: Size of embeddings and states.
        layers: Transformer blocks.
        heads: Attention heads; they divide the width.
        window: Events it reads.
        dropout: Share dropped in each residual branch.
        embedding_dropout: Share of the embeddings dropped.
    """

    def __init__(
        self,
        items: int,
        width: int,
        layers: int,
        heads: int,
        window: int,
        dropout: float,
        embedding_dropout: float,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if width % heads:
            raise ValueError(f"heads must divide width. Received: heads={heads}, width={width}")
        self.arguments = {
            "items": items,
            "width": width,
            "layers": layers,
            "heads": heads,
            "window": window,
            "dropout": dropout,
            "embedding_dropout": embedding_dropout,
        }
        self.items, self.width, self.window = items, width, window
        self.blocks = [Block(width, heads, window, dropout, name=f"block_{i}") for i in range(layers)]
        self.norm = keras.layers.LayerNormalization(epsilon=1e-6, name="norm")
        self.drop = keras.layers.Dropout(embedding_dropout)

    def build(self, input_shape: Any) -> None:
        """Makes the weights."""
        start = keras.initializers.RandomNormal(stddev=1 / self.width**0.5)
        self.table = self.add_weight(shape=(self.items + 1, self.width), initializer=start, name="items")
        self.bias = self.add_weight(shape=(self.items + 1,), initializer="zeros", name="bias")
        for block in self.blocks:
            block.build((None, self.window, self.width))
        self.norm.build((None, self.window, self.width))

    def call(self, inputs: Any, training: bool = False) -> Any:
        """States after each event.

        Args:
            inputs: Item indices and segments, int32 `[batch, window]` each. An event attends to earlier ones of its own
                segment, so that several users may share a row; both are 0 where there is padding.
            training: Whether to drop.

        Returns:
            `[batch, window, width]` float32.
        """
        indices, segments = inputs
        hidden = ops.take(self.table, indices, axis=0) * self.width**0.5
        hidden = self.drop(hidden, training=training)
        same = ops.equal(ops.expand_dims(segments, 2), ops.expand_dims(segments, 1))
        earlier = ops.convert_to_tensor(np.tril(np.ones((self.window, self.window), bool)))
        mask = ops.where(ops.logical_and(same, earlier), 0.0, _NEVER)
        for block in self.blocks:
            hidden = block(hidden, ops.expand_dims(mask, 1), training=training)
        return ops.cast(self.norm(hidden), "float32")

    def scores(self, states: Any) -> Any:
        """States `[..., width]` to scores `[..., items + 1]`; index 0 means nothing."""
        return ops.matmul(states, ops.transpose(self.table)) + self.bias

    def next_scores(self, indices: Any) -> Any:
        """Left-padded histories, int32 `[batch, window]`, to scores of the next item, `[batch, items + 1]`."""
        states = self((indices, ops.cast(ops.greater(indices, 0), "int32")), training=False)
        return self.scores(states[:, -1])

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return super().get_config() | self.arguments
