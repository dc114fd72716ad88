"""Shuffled batches for training as tf.data, whose place in the data can be kept and gone on from."""

from gristmill.data.reading.batches import Reading
from gristmill.data.reading.cursor import Shards
from gristmill.data.reading.state import ReadState

__all__ = ["ReadState", "Reading", "Shards"]
