"""Schemas are guessed from what values look like, and what was guessed lets the same records pass."""

import gzip
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.errors import InputError
from gristmill.schema import Feature, Missing, Schema
from pipelines.survey import infer, validate
from pipelines.survey.evidence import Evidence
from pipelines.survey.guess import guess

Make = Callable[[str, bytes | str], str]


def _short(feature: Feature) -> tuple[Any, ...]:
    shape = feature.shape if feature.shape not in ((), (None,)) else None
    return tuple(part for part in (feature.kind.value, feature.dtype, shape) if part is not None)


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("x", ["1", "2", "-3"], ("number", "int64")),
        ("x", ["1", "2.5", "3e2"], ("number", "float32")),
        ("x", ["1.0", "2.0", "3.0"], ("number", "float32")),
        ("x", ["01", "02", "01", "02"], ("category", "string")),
        ("user_id", ["1", "2", "3"], ("id", "string")),
        ("movieId", ["1", "2", "3"], ("id", "string")),
        ("paid", ["1", "2", "3"], ("number", "int64")),
        ("timestamp", ["881250949", "891717742"], ("time", "int64")),
        ("count", ["881250949", "891717742"], ("number", "int64")),
        ("x", ["2024-01-01", "2024-02-30T10:00", "2024-03-01T10:00:00Z"] + ["2024-01-01"] * 300, ("time", "int64")),
        ("x", ["red", "blue"] * 10, ("category", "string")),
        ("x", ["true", "false"] * 10, ("category", "string")),
        ("x", ["a small note", "another one", "and a third"], ("text", "string")),
        ("x", ["b3f1", "77ac", "09de"], ("id", "string")),
        ("x", ["a|b", "c", "a|c"], ("sequence", "string")),
        ("x", ["1.5;2", "3;4", "5"], ("sequence", "float32")),
        ("x", ["0.5 2", "3 4.25"], ("sequence", "float32")),
        ("x:token_seq", ["a b", "c"], ("sequence", "string")),
        ("x:float", ["1", "2"], ("number", "int64")),
        ("x:token", ["1", "2"], ("category", "string")),
        ("x", [["a"], ["b", "c"]], ("sequence", "string")),
        ("x", [[1], [2, 3]], ("sequence", "int64")),
        ("x", [[1.5, 2.0], [2.0, 3.0]], ("sequence", "float32", (2,))),
        ("x", [[], []], ("sequence", "string")),
    ],
)  # fmt: skip
def test_kinds_are_told_by_names_and_values(column: str, values: list[Any], expected: tuple[Any, ...]) -> None:
    feature, _ = guess(column, Evidence.of(values))
    assert _short(feature) == expected
    assert feature.name == column.partition(":")[0]
    assert feature.source_column == column


def test_a_few_odd_values_are_mistakes_and_are_told() -> None:
    feature, note = guess("price", Evidence.of([*map(str, range(200)), "n/a"]))
    assert _short(feature) == ("number", "int64")
    assert note == "1 of 201 are no numbers, such as 'n/a'"
    assert guess("price", Evidence.of([*map(str, range(20)), "n/a"]))[0].kind != "number"


def test_arrow_types_say_what_they_are() -> None:
    columns = {
        "whole": (pa.array([1, 2]), ("number", "int64")),
        "narrow": (pa.array([1, 2], pa.uint8()), ("number", "int64")),
        "real": (pa.array([1.0, 2.0]), ("number", "float32")),
        "exact": (pa.array([Decimal("1.50"), Decimal("2.25")]), ("number", "float32")),
        "day": (pa.array([date(2024, 1, 1)]), ("time", "int64")),
        "moment": (pa.array([datetime(2024, 1, 1)]), ("time", "int64")),
        "flag": (pa.array([True, False, True, True]), ("category", "string")),
        "coded": (pa.array(["a", "b", "a", "a"]).dictionary_encode(), ("category", "string")),
        "deep": (pa.array([[[1], [2, 3]], []]), ("sequence", "int64", (None, None))),
        "vector": (pa.array([[1.0, 2.0]], pa.list_(pa.float32(), 2)), ("sequence", "float32", (2,))),
    }
    for name, (array, expected) in columns.items():
        evidence = Evidence()
        evidence.add(array)
        assert _short(guess(name, evidence)[0]) == expected, name


def test_ranges_values_and_missing_ones_are_stated_where_asked(make_file: Make) -> None:
    path = make_file("a.csv", "size,colour,opt,when\n" + "1.25,red,1,2024-01-01\n7,blue,,2024-01-02\n" * 9)
    plain = infer([path])
    assert plain.records == 18
    assert {f.name: (f.minimum, f.values, f.missing) for f in plain.record_schema.features} == {
        "size": (None, None, Missing.REJECT),
        "colour": (None, None, Missing.REJECT),
        "opt": (None, None, Missing.KEEP),
        "when": (None, None, Missing.REJECT),
    }
    strict = infer([path], ranges=True, closed=2).record_schema
    assert (strict["size"].minimum, strict["size"].maximum) == (1.25, 7)
    assert (strict["when"].minimum, strict["when"].maximum) == (1704067200, 1704153600)
    assert strict["colour"].values == ("blue", "red")
    assert infer([path], closed=1).record_schema["colour"].values is None


def test_only_the_asked_number_of_records_is_looked_at(make_file: Make) -> None:
    path = make_file("a.csv", "x\n" + "1\n" * 50 + "red\n" * 50)
    other = make_file("b.csv", "x\n2\n")
    assert infer([path], rows=50).record_schema["x"].kind == "number"
    assert infer([path, other], rows=20).records == 11
    assert infer([path], rows=None).record_schema["x"].kind == "category"


def test_json_lines_and_parquet(make_file: Make, tmp_path: Path) -> None:
    rows = ['{"a": 1, "tags": ["x", "y"], "deep": [[1], []], "o": {"k": 1}}'] * 3 + ['{"a": 2.5, "tags": []}']
    made = infer([make_file("a.jsonl", "\n".join(rows) + "\n")])
    assert {f.name: _short(f) for f in made.record_schema.features} == {
        "a": ("number", "float32"),
        "tags": ("sequence", "string"),
        "deep": ("sequence", "int64", (None, None)),
    }
    assert made.notes == (("o", "left out: it holds objects, which no feature does"),)
    table = pa.table({"id": [1, 2], "when": [datetime(2024, 1, 1)] * 2})
    pq.write_table(table, tmp_path / "b.parquet")
    found = infer([tmp_path / "b.parquet"]).record_schema
    assert {f.name: _short(f) for f in found.features} == {"id": ("id", "string"), "when": ("time", "int64")}


def test_a_column_without_values_is_told(make_file: Make) -> None:
    made = infer([make_file("a.csv", "x,y\n1,\n2,\n")])
    assert made.notes == (("y", "no value is there: kind text is a guess"),)
    assert made.record_schema["y"].missing is Missing.KEEP


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", "the file is empty"),
        ("a.csv", "x,y\n", "no record can be read"),
        ("a.csv", "x,,y\n1,2,3\n", "column 2 has no name"),
        ("a.csv", "__x\n1\n", "column '__x' cannot be a feature"),
        ("a.csv", "x:float,x:token\n1,2\n", "feature names must be unique"),
        ("a.csv.gz", gzip.compress(b"x\n1\n" * 9999, mtime=0)[:-9], "the gzip stream is cut"),
        ("a.txt", "x\n", "the name must end in one of"),
    ],
)  # fmt: skip
def test_files_that_give_no_schema_are_named(make_file: Make, name: str, content: bytes | str, message: str) -> None:
    path = make_file(name, content)
    with pytest.raises(InputError, match=message) as error:
        infer([path])
    assert path in str(error.value)


CELLS = st.one_of(
    st.integers(-(10**17), 10**17).map(str),
    st.floats(-1e30, 1e30).map(str),
    st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(lambda moment: moment.isoformat()),
    st.text(alphabet="ab|; 1.-", min_size=1, max_size=6).filter(lambda text: text.strip() == text != ""),
)


@settings(max_examples=150, deadline=None)
@given(cells=st.lists(CELLS, min_size=1, max_size=30), ranges=st.booleans())
def test_what_was_guessed_lets_the_same_records_pass(
    cells: list[str], ranges: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "guessed.tsv"
    path.write_text("x\n" + "\n".join(cells) + "\n")
    made = infer([path], ranges=ranges, closed=5)
    again = Schema.from_yaml(made.record_schema.to_yaml())
    assert again == made.record_schema
    assert validate([path], again).invalid == 0, (cells, again)
