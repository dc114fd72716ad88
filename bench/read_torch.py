"""PyTorch's readers for `read`; runs in an environment that has torch, numpy and pyarrow, and nothing of ours."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from bench.read_systems import BATCH_ROWS, measure
from bench.rows import NUMBERS, TEXTS

__all__ = ["TORCH_SYSTEMS"]


class _Rows:
    """A map-style data set over a Parquet file in memory: a row for a number, columns for a list of them."""

    def __init__(self, folder: Path) -> None:
        import torch

        table = pq.read_table(folder)
        self._numbers = {name: torch.from_numpy(table.column(name).to_numpy()) for name in NUMBERS}
        self._texts = {name: table.column(name).to_numpy() for name in TEXTS}

    def __len__(self) -> int:
        return len(self._texts[TEXTS[0]])

    def __getitem__(self, row: Any) -> dict[str, Any]:
        return {name: column[row] for name, column in (self._numbers | self._texts).items()}


def by_row(folder: Path, epochs: int) -> Iterator[dict[str, Any]]:
    """The DataLoader as documented: `shuffle=True`, rows collated to batches."""
    from torch.utils.data import DataLoader

    for _ in range(epochs):
        yield from DataLoader(_Rows(folder), BATCH_ROWS, shuffle=True)


def by_batch(folder: Path, epochs: int) -> Iterator[dict[str, Any]]:
    """The DataLoader with a sampler of batches, so that a batch is one gather a column."""
    from torch.utils.data import BatchSampler, DataLoader, RandomSampler

    for _ in range(epochs):
        rows = _Rows(folder)
        yield from DataLoader(rows, sampler=BatchSampler(RandomSampler(rows), BATCH_ROWS, False), batch_size=None)


TORCH_SYSTEMS = {"PyTorch DataLoader": by_row, "PyTorch DataLoader, a batch a call": by_batch}

if __name__ == "__main__":
    np.random.seed(0)
    reader, place = TORCH_SYSTEMS[sys.argv[1]], Path(sys.argv[2]) / "parquet"
    print(json.dumps(measure(lambda epochs: reader(place, epochs), int(sys.argv[3]), compared="compared" in sys.argv)))
