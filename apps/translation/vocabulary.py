"""Learns the vocabulary: pieces of words by byte-pair encoding; bytes stand in where no piece fits.

SentencePiece (https://arxiv.org/abs/1808.06226) with BPE rather than its unigram model: on 115,000 pairs and 2 cores it
learns 8,000 pieces in 1.4 s instead of 21 s, and cuts the same texts into 1% fewer pieces.
"""

import io
from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from apps.translation.pieces import BEGIN, END, PAD
from apps.translation.text.masks import SYMBOLS
from gristmill.errors import InputError

__all__ = ["encode_all", "learn"]

_UNKNOWN = 3
"""Asked for by SentencePiece, and never met, as every character has its bytes."""
_COVERAGE = 0.9995
"""Share of the corpus' characters that become pieces of their own; the rest is cut into bytes."""


def learn(texts: Iterable[str], pieces: int) -> bytes:
    """Learns a vocabulary and gives its SentencePiece model.

    Its ids begin with pad, begin, end and unknown, then come the symbols, then the 256 bytes.

    Args:
        texts: Masked texts of both languages.
        pieces: How many to learn at most; a small corpus has fewer.

    Raises:
        InputError: Nothing can be learned from these texts.
    """
    from sentencepiece import SentencePieceTrainer

    out = io.BytesIO()
    try:
        SentencePieceTrainer.train(
            sentence_iterator=iter(texts),
            model_writer=out,
            model_type="bpe",
            vocab_size=pieces,
            hard_vocab_limit=False,
            byte_fallback=True,
            character_coverage=_COVERAGE,
            user_defined_symbols=list(SYMBOLS),
            pad_id=PAD,
            bos_id=BEGIN,
            eos_id=END,
            unk_id=_UNKNOWN,
            unk_surface="\ufffd",
            normalization_rule_name="identity",
            remove_extra_whitespaces=False,
            split_digits=True,
            max_sentence_length=1 << 20,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise InputError(f"no vocabulary can be learned from these texts: {error}") from error
    return out.getvalue()


def encode_all(model: bytes, texts: pa.Array) -> pa.ListArray:
    """Ids of the pieces of each masked text, without begin and end, as lists of int64."""
    from sentencepiece import SentencePieceProcessor

    lists = SentencePieceProcessor(model_proto=model).encode(texts.to_pylist())
    ends = np.cumsum([0, *map(len, lists)], dtype=np.int32)
    values = np.fromiter((piece for pieces in lists for piece in pieces), np.int64, int(ends[-1]))
    return pa.ListArray.from_arrays(pa.array(ends), pa.array(values))
