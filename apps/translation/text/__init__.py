"""Lines of text before and after the model: what is kept as it is, sentences, glossary."""

from apps.translation.text.masks import SYMBOLS, Masked, mask, mask_pair, missing, unmask

__all__ = ["Masked", "SYMBOLS", "mask", "mask_pair", "missing", "unmask"]
