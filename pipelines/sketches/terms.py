"""How often each term occurs: exact counts in Arrow's memory, so that millions of terms cost no Python objects."""

from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.sketches.state import State

__all__ = ["Terms"]

_SLACK = 1 << 16
"""Counts that may wait to be summed, beside as many as there are terms."""


class Terms:
    """Terms and their counts.

        terms = Terms()                      # of texts; Terms(pa.int64()) of whole numbers
        terms.add(column)                    # an Arrow array or chunked array; nulls are passed over
        terms.merge(other)
        len(terms), terms.total              # different terms, counted values
        names, counts = terms.ranked()       # Arrow arrays, most frequent first, ties by the term's bytes
        names, counts = terms.ranked(20)     # only the first 20, without sorting the rest
        terms.table()                        # a pa.Table of `term` and `count`, in the order of their first appearance

    The bytes of all different terms together must stay below 2 GiB, as Arrow's `string` holds no more.
    """

    def __init__(self, kind: pa.DataType | None = None) -> None:
        self._schema = pa.schema([("term", kind or pa.string()), ("count", pa.int64())])
        self._summed = self._schema.empty_table()
        self._waiting: list[pa.Table] = []
        self._rows = 0

    def __len__(self) -> int:
        return self.table().num_rows

    @property
    def total(self) -> int:
        """Number of counted values."""
        return int(pc.sum(self.table().column("count")).as_py() or 0)

    def add(self, column: pa.Array | pa.ChunkedArray) -> None:
        """Counts the values of a column."""
        if column.type != self._schema.field("term").type:
            column = column.cast(self._schema.field("term").type)
        found = pa.table({"term": column.drop_null()}).group_by("term", use_threads=False)
        self._wait(found.aggregate([([], "count_all")]))

    def merge(self, other: Self) -> None:
        """Adds what another has counted."""
        self._wait(other.table())

    def table(self) -> pa.Table:
        """Columns `term` and `count`, a row a term."""
        if self._waiting:
            whole = pa.concat_tables([self._summed, *self._waiting]).group_by("term", use_threads=False)
            self._summed = whole.aggregate([("count", "sum")]).rename_columns(self._schema.names).cast(self._schema)
            self._waiting, self._rows = [], 0
        return self._summed

    def ranked(self, count: int | None = None) -> tuple[pa.Array, pa.Array]:
        """Terms and counts, most frequent first, equal ones by the term's bytes."""
        table = self.table()
        keys = [("count", "descending"), ("term", "ascending")]
        if count is None or count >= table.num_rows:
            order = pc.sort_indices(table, keys)
        else:
            order = pc.select_k_unstable(table, count, keys)
        terms, counts = (pc.take(column, order) for column in table.columns)
        return _one(terms), _one(counts)

    def state(self) -> dict[str, pa.Array]:
        """The counts as arrays."""
        return {name: _one(self.table().column(name)) for name in self._schema.names}

    @classmethod
    def of_state(cls, state: State) -> Self:
        """The counts from what `state` gave."""
        made = cls(state["term"].type)
        made._summed = pa.table([state["term"], state["count"]], schema=made._schema)
        return made

    def _wait(self, counted: pa.Table) -> None:
        """Sums are left until enough has come, so that a term is summed a few times and not once a batch."""
        if counted.num_rows:
            self._waiting.append(counted.rename_columns(self._schema.names).cast(self._schema))
            self._rows += counted.num_rows
        if self._rows > self._summed.num_rows + _SLACK:
            self.table()


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks()
