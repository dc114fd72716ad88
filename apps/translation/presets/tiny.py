"""The smallest translator: 1.4 million weights with a vocabulary of 4,000 pieces, a lite file of 3.5 MB.

`gristmill train translation --preset tiny`, on a CPU with 16-bit units with `--precision mixed_bfloat16`. Cost on 115,000
everyday pairs: about 170 CPU-seconds an epoch in float32. The score to expect is still to be measured.
"""

__all__ = ["TINY"]

TINY: dict[str, object] = {"training.epochs": 3, "training.dropout": 0.0}
