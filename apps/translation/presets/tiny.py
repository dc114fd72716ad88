"""The smallest translator, in minutes on two cores: 1.4 million weights with a vocabulary of 4,000 pieces.

`gristmill train translation --dataset DATASET --preset tiny`, or all of it with `gristmill run translation`. @TINY@
"""

__all__ = ["TINY"]

TINY: dict[str, object] = {"training.epochs": 2, "training.dropout": 0.0}
