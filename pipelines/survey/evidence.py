"""What the values of a column look like, as counts, whichever feature they may turn out to be."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gristmill.schema import Feature, Kind
from pipelines.casts import NUMBER, cast
from pipelines.sketches import Terms

__all__ = ["Evidence", "NUMBER_SEPARATORS"]

_SURE = 0.99
"""Share of the values from which on the others are taken for mistakes."""
_LIST_SHARE = 0.2
_CATEGORY_SHARE = 0.5
_MOST_TERMS = 1 << 17
"""Different texts that are kept; further ones are not told apart."""
_ONE_NUMBER = r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,3})?"
NUMBER_SEPARATORS = ("|", ";", " ")
_NUMBER_LOOKS = {"whole": r"^\s*[-+]?[0-9]{1,18}\s*$", "padded": r"^\s*[-+]?0[0-9]"}
_TEXT_LOOKS = {
    "spaced": r"\S\s+\S",
    "bar": r"\|",
    **{
        f"numbers by {separator}": rf"^\s*{_ONE_NUMBER}(\s*[{separator}]\s*{_ONE_NUMBER})+\s*$"
        for separator in NUMBER_SEPARATORS
    },
}
_TIME = Feature(name="time", kind=Kind.TIME)


@dataclass
class Evidence:
    """Counts of what the present values of a column look like."""

    values: int = 0
    missing: int = 0
    looks: Counter[str] = field(default_factory=Counter)
    """Values by their look: `number` and those of `_NUMBER_LOOKS`, those of `_TEXT_LOOKS`, `time` and `list`."""
    odd: str | None = None
    """A value that is no number."""
    ends: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Smallest and largest, of `number`, of `time` (in seconds) and of `length` (of lists)."""
    terms: Terms = field(default_factory=Terms)
    """The texts; once there are too many, no more are added."""
    elements: "Evidence | None" = None
    """Of the elements of all lists."""

    @classmethod
    def of(cls, values: list[Any]) -> Self:
        """The evidence of present Python values, as JSON has them; what is in lists is taken by its text."""
        made = cls()
        made.add(pa.array([str(value) for value in values if not isinstance(value, list)], pa.string()))
        lists = [[str(element) for element in value] for value in values if isinstance(value, list)]
        made.add(pa.array(lists, pa.list_(pa.string())))
        return made

    def add(self, column: pa.Array) -> None:
        """Adds the values of a column, as a reader gives it."""
        kind = column.type
        if pa.types.is_dictionary(kind):
            column = column.dictionary_decode()
        present = column.drop_null()
        if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
            self._add_lists(present)
        elif pa.types.is_timestamp(kind) or pa.types.is_date(kind):
            self.looks["time"] += len(present)
            self._stretch("time", cast(present, _TIME).values)
        elif pa.types.is_integer(kind) or pa.types.is_floating(kind):
            self.looks["number"] += len(present)
            self.looks["whole"] += len(present) if pa.types.is_integer(kind) else 0
            self._stretch("number", present.cast(pa.float64(), safe=False))
        else:
            present = present.cast(pa.string())
            present = present.filter(pc.not_equal(present, ""))
            self._add_texts(present)
        self.values += len(present)
        self.missing += len(column) - len(present)

    def sure(self, *looks: str) -> bool:
        """Whether nearly all values look one of these ways."""
        return self.values > 0 and sum(self.looks[look] for look in looks) >= _SURE * self.values

    def common(self, look: str) -> bool:
        """Whether so many values look so that it is no chance."""
        return self.looks[look] > _LIST_SHARE * self.values

    @property
    def whole(self) -> bool:
        """Whether the numbers are all written as whole ones."""
        return self.looks["whole"] == self.looks["number"]

    @property
    def distinct(self) -> int:
        """Different texts, of those that were kept."""
        return len(self.terms)

    @property
    def complete(self) -> bool:
        """Whether every different text was kept."""
        return self.distinct <= _MOST_TERMS

    @property
    def repeats(self) -> bool:
        """Whether the texts come again and again."""
        return self.distinct <= _CATEGORY_SHARE * self.terms.total

    @property
    def odd_number(self) -> str:
        """What is to be known of the values that are no numbers, or nothing."""
        count = self.values - self.looks["number"]
        return f"{count} of {self.values} are no numbers, such as {self.odd!r}" if count else ""

    def _add_lists(self, lists: pa.Array) -> None:
        if len(lists):
            self.looks["list"] += len(lists)
            self._stretch("length", pc.list_value_length(lists))
            self.elements = self.elements or Evidence()
            self.elements.add(pc.list_flatten(lists))

    def _add_texts(self, texts: pa.Array) -> None:
        """Looks once at each different text."""
        if not len(texts):
            return
        found = Terms()
        found.add(texts)
        numbers = pc.match_substring_regex(found.table().column("term"), NUMBER)
        self._add_numbers(found.table().filter(numbers))
        self._add_others(found.table().filter(pc.invert(numbers)))
        if self.complete:
            self.terms.merge(found)

    def _add_numbers(self, found: pa.Table) -> None:
        self._look({"number": "", **_NUMBER_LOOKS}, found)
        digits = pc.replace_substring_regex(pc.utf8_trim_whitespace(found.column("term")), r"^\+", "")
        self._stretch("number", digits.cast(pa.float64()))

    def _add_others(self, found: pa.Table) -> None:
        if not found.num_rows:
            return
        self.odd = found.column("term")[0].as_py() if self.odd is None else self.odd
        self._look(_TEXT_LOOKS, found)
        moments = cast(found.column("term").combine_chunks(), _TIME).values
        self.looks["time"] += _total(found, pc.is_valid(moments))
        self._stretch("time", moments)

    def _look(self, looks: dict[str, str], found: pa.Table) -> None:
        for look, pattern in looks.items():
            self.looks[look] += _total(found, pc.match_substring_regex(found.column("term"), pattern))

    def _stretch(self, what: str, values: pa.Array) -> None:
        ends = pc.min_max(values).as_py()
        if ends["min"] is not None:
            low, high = self.ends.get(what, (np.inf, -np.inf))
            self.ends[what] = (min(low, ends["min"]), max(high, ends["max"]))


def _total(found: pa.Table, mask: pa.Array) -> int:
    """How many values the marked terms stand for."""
    return int(pc.sum(found.column("count").filter(mask)).as_py() or 0)
