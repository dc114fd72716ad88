"""The translator's network and how it is trained."""

from apps.translation.model.batches import Batch, PackedBatches, Pairs
from apps.translation.model.training import make_step, new_transformer, train_transformer, validation_loss
from apps.translation.model.transformer import Transformer

__all__ = [
    "Batch",
    "PackedBatches",
    "Pairs",
    "Transformer",
    "make_step",
    "new_transformer",
    "train_transformer",
    "validation_loss",
]
