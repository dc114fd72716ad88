"""What columns keep between calls: variables under the names that tf.estimator gave them, and look-up tables."""

import re
from dataclasses import dataclass, field
from typing import Any

import tensorflow as tf
from tensorflow.python.feature_column import feature_column_v2 as fc

from gristmill.estimator.errors import ArgumentError

__all__ = ["Shared", "State", "Table"]


@dataclass(frozen=True, eq=False)
class Table:
    """A table of embeddings that several columns share; stands where TensorFlow's own maker of one stood."""

    embedding_weights: tf.Variable
    """`[buckets, dimension]` float32."""
    dimension: int


@dataclass
class Shared:
    """What the inputs of one model have in common: the linear half and the network hold it once."""

    embeddings: dict[Any, Table] = field(default_factory=dict)
    """Tables by the maker that `tf.feature_column.shared_embeddings` gave their columns."""
    resources: dict[tuple[Any, str], Any] = field(default_factory=dict)
    """Look-up tables, by column and name."""


class State:
    """The state of the columns of one input; speaks the protocol that TensorFlow's columns ask of a state manager.

    Args:
        scope: What the names of variables begin with.
        shared: What other inputs of the same model share.

    Attributes:
        named: The variables by name, in the order in which they were made.
    """

    def __init__(self, scope: str, shared: Shared | None = None) -> None:
        self.scope = scope
        self.named: dict[str, Any] = {}
        self.shared = shared or Shared()
        self._variables: dict[tuple[Any, str], Any] = {}

    def prepare(self, column: Any) -> Any:
        """Makes the variables of a TensorFlow column, and gives the column in a form that finds them here.

        Raises:
            ArgumentError: An embedding is to be loaded from a checkpoint that does not hold it.
        """
        if isinstance(column, fc.SharedEmbeddingColumn):
            return column._replace(shared_embedding_column_creator=self._share(column.shared_embedding_column_creator))
        if isinstance(column, fc.EmbeddingColumn) and column.ckpt_to_load_from is not None:
            initializer = _Loaded(column.ckpt_to_load_from, column.tensor_name_in_ckpt)
            column = column._replace(initializer=initializer, ckpt_to_load_from=None, tensor_name_in_ckpt=None)
        column.create_state(self)
        return column

    def create_variable(
        self,
        feature_column: Any,
        name: str,
        shape: Any,
        dtype: Any = None,
        trainable: bool = True,
        use_resource: bool = True,
        initializer: Any = None,
    ) -> Any:
        """A new variable `<scope>/<column>/<name>`, made outside of any trace."""
        column = re.sub(r"[^A-Za-z0-9_.\-]", "_", feature_column.name)
        variable = self.make(f"{self.scope}/{column}/{name}", shape, initializer, trainable, dtype or tf.float32)
        self._variables[feature_column, name] = variable
        return variable

    def get_variable(self, feature_column: Any, name: str) -> Any:
        """A variable made before."""
        return self._variables[feature_column, name]

    def has_resource(self, feature_column: Any, name: str) -> bool:
        """Whether a look-up table was made."""
        return (feature_column, name) in self.shared.resources

    def add_resource(self, feature_column: Any, name: str, resource: Any) -> None:
        """Keeps a look-up table."""
        self.shared.resources[feature_column, name] = resource

    def get_resource(self, feature_column: Any, name: str) -> Any:
        """A look-up table kept before."""
        return self.shared.resources[feature_column, name]

    def make(
        self, name: str, shape: Any, initializer: Any, trainable: bool = True, dtype: tf.DType = tf.float32
    ) -> tf.Variable:
        """A new variable with exactly this name."""
        folder, _, last = name.rpartition("/")
        with tf.init_scope(), tf.name_scope(f"{folder}/" if folder else ""):
            variable = tf.Variable(lambda: initializer(shape, dtype=dtype), trainable=trainable, name=last)
        self.named[name] = variable
        return variable

    def _share(self, creator: Any) -> Table:
        if creator not in self.shared.embeddings:
            initializer = creator._initializer
            if creator._ckpt_to_load_from is not None:
                initializer = _Loaded(creator._ckpt_to_load_from, creator._tensor_name_in_ckpt)
            shape = (creator._num_buckets, creator.dimension)
            variable = self.make(creator._name, shape, initializer, creator._trainable)
            self.shared.embeddings[creator] = Table(variable, creator.dimension)
        return self.shared.embeddings[creator]


@dataclass(frozen=True)
class _Loaded:
    """An initializer that reads the value from a checkpoint."""

    checkpoint: str
    """A prefix, or a folder."""
    tensor: str

    def __call__(self, shape: Any, dtype: tf.DType) -> Any:
        try:
            value = tf.train.load_variable(self.checkpoint, self.tensor)
        except (tf.errors.OpError, ValueError) as error:
            raise ArgumentError(
                f"an embedding must be in the checkpoint that it is loaded from. Received: {self.tensor} in "
                f"{self.checkpoint}"
            ) from error
        if value.shape != tuple(shape):
            raise ArgumentError(
                f"{self.tensor} in {self.checkpoint} must have the shape {tuple(shape)} of its column. "
                f"Received: {value.shape}"
            )
        return tf.constant(value, dtype)
