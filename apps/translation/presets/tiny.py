"""The smallest translator, in minutes on two cores: 1.4 million weights with a vocabulary of 4,000 pieces.

`gristmill train translation --dataset DATASET --preset tiny`, or all of it with `gristmill run translation`. On the catalogues'
62,858 pairs two epochs take under five minutes on two cores with AVX2: 28.3 BLEU on their test split, 28.8 in small letters,
chrF 45.2. On Tatoeba's pairs (see `small`) with a thread: 430 CPU-seconds and 32.2 in small letters on 1,000 held-out sentences
with `--set training.epochs=3`, 1,105 and 38.0 with 8 on a core with AVX-512; 965 and 2,418 CPU-seconds on one with AVX2. In
bfloat16 (`--precision mixed_bfloat16`, where the core computes in it) 1,540 and 40.6 with 16.
"""

__all__ = ["TINY"]

TINY: dict[str, object] = {"training.epochs": 2, "training.dropout": 0.0}
