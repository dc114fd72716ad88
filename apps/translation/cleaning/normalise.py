"""Texts in one form: NFC, one space where any white space was, nothing that cannot be seen at either end."""

from unicodedata import normalize

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["changed", "normalise"]

_UNSEEN = "[\x00-\x08\x0e-\x1f\x7f\u00ad\u200b\u2060\ufeff]"
"""Control characters, soft hyphens, spaces without width, byte-order marks."""
_SPACES = r"[\s\x{0b}\p{Z}\x{85}]+"


def normalise(texts: pa.Array) -> pa.Array:
    """Each text in NFC, on one line, with single spaces; one that is then empty is null."""
    made = pa.array([text and _nfc(text) for text in texts.to_pylist()], pa.string())
    if pc.any(pc.match_substring_regex(made, _UNSEEN)).as_py():
        made = pc.replace_substring_regex(made, _UNSEEN, "")
    made = pc.replace_substring_regex(made, _SPACES, " ")
    made = pc.utf8_trim(made, " ")
    return pc.if_else(pc.equal(made, ""), pa.scalar(None, made.type), made)


def _nfc(text: str) -> str:
    """The text in NFC; Arrow 25's own `utf8_normalize` gives NFD where it is asked for NFC."""
    return text if text.isascii() else normalize("NFC", text)


def changed(before: pa.Array, after: pa.Array) -> int:
    """How many texts differ."""
    same = pc.equal(before, after).fill_null(False) if len(before) else pa.array([], pa.bool_())
    both_null = pc.and_(pc.is_null(before), pc.is_null(after))
    return int(np.count_nonzero(~pc.or_(same, both_null).to_numpy(zero_copy_only=False)))
