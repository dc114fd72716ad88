"""Reads the pairs of a dataset: their texts, their pieces, and its vocabulary."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from apps.translation.vocabulary import VOCABULARY, Vocabulary

if TYPE_CHECKING:
    from gristmill.data.dataset import Dataset

__all__ = ["Corpus", "languages", "load_corpus", "load_vocabulary"]


@dataclass(frozen=True)
class Corpus:
    """The pairs of a split, in the order in which they were written."""

    source: list[str]
    target: list[str]
    source_ids: list[NDArray[np.int32]]
    """Pieces of the masked texts, without begin and end."""
    target_ids: list[NDArray[np.int32]]
    origin: list[str]

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.source)


def load_corpus(dataset: "Dataset", split: str) -> Corpus:
    """All pairs of a split; an unknown one raises `InputError`."""
    table = dataset.read(split)
    texts = [table.column(name).to_pylist() for name in ("source", "target", "origin")]
    ids = [_arrays(table.column(name)) for name in ("source_ids", "target_ids")]
    return Corpus(texts[0], texts[1], ids[0], ids[1], texts[2])


def load_vocabulary(dataset: "Dataset") -> Vocabulary:
    """The vocabulary by which the dataset's texts were cut into pieces."""
    return Vocabulary(dataset.asset(VOCABULARY))


def languages(dataset: "Dataset") -> tuple[str, str]:
    """Codes of source and target."""
    info = dataset.manifest.info
    return info["source_language"], info["target_language"]


def _arrays(column: pa.ChunkedArray) -> list[NDArray[np.int32]]:
    array = column.combine_chunks()
    values = array.values.to_numpy().astype(np.int32)
    ends = array.offsets.to_numpy()
    return [values[start:end] for start, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)]
