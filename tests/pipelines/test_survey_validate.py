"""Validation finds what an ingestion would set aside, rule by rule."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gristmill.errors import InputError
from gristmill.schema import Schema
from pipelines.check import check
from pipelines.survey import validate
from pipelines.survey.counting import blocks_of

Make = Callable[[str, bytes | str], str]
SCHEMA = Schema.model_validate(
    {
        "features": [
            {"name": "user", "kind": "id"},
            {"name": "stars", "kind": "number", "dtype": "int64", "minimum": 1, "maximum": 5},
            {"name": "colour", "kind": "category", "values": ["red", "blue"], "missing": "keep"},
        ]
    }
)
BAD = "user,stars,colour\na,1,red\nb,9,pink\n,2,\nc,x,blue\nd,3,red,4\ne,0,green\nf,5,\n"


def test_each_broken_rule_is_told_with_its_places(make_file: Make) -> None:
    path = make_file("a.csv", BAD)
    made = validate([path], SCHEMA, places=2)
    assert (made.read, made.invalid, made.exceeded) == (7, 5, True)
    stars = "must be a whole number and at least 1 and at most 5 and present"
    found = {(rule.feature, rule.rule): rule for rule in made.broken}
    assert {key: rule.count for key, rule in found.items()} == {
        ("stars", stars): 3,
        ("colour", "must be one of red, blue"): 2,
        ("user", "must be a non-empty id and present"): 1,
        ("", "4 cells where the header has 3"): 1,
    }
    assert made.broken[0].feature == "stars"
    places = [(place.file, place.position, place.received) for place in found["stars", stars].first]
    assert places == [(path, 3, "'9'"), (path, 5, "'x'")]


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet"])
def test_it_finds_what_an_ingestion_would_set_aside(ending: str, tmp_path: Path) -> None:
    rows = [{"user": f"u{n}", "stars": n % 8, "colour": ["red", "blue", "pink", None][n % 4]} for n in range(500)]
    path = tmp_path / f"a.{ending}"
    if ending == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif ending == "jsonl":
        import json

        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        sign = "," if ending == "csv" else "\t"
        lines = [sign.join("" if cell is None else str(cell) for cell in row.values()) for row in rows]
        path.write_text("\n".join([sign.join(rows[0]), *lines]) + "\n")
    rejected = [entry for block in blocks_of(str(path), SCHEMA) for entry in check(block, SCHEMA).rejected]
    made = validate([path], SCHEMA)
    assert made.read == 500
    assert made.invalid == len(rejected) == sum(not 1 <= n % 8 <= 5 or n % 4 == 2 for n in range(500))


@pytest.mark.parametrize(
    ("allowed", "exceeded"), [("0", True), ("4", True), ("5", False), ("70%", True), ("72%", False)]
)
def test_some_may_be_invalid(make_file: Make, allowed: str, exceeded: bool) -> None:
    assert validate([make_file("a.csv", BAD)], SCHEMA, max_invalid=allowed).exceeded is exceeded


def test_columns_that_the_schema_does_not_name_are_told(make_file: Make) -> None:
    path = make_file("a.csv", "more,user,stars,colour,also\n1,a,1,red,2\n")
    assert validate([path], SCHEMA).unknown_columns == {path: ("also", "more")}


def test_a_schema_is_read_from_its_file(make_file: Make, tmp_path: Path) -> None:
    path = make_file("a.csv", BAD)
    (tmp_path / "schema.yaml").write_text(SCHEMA.to_yaml())
    assert validate([path], str(tmp_path / "schema.yaml")) == validate([path], SCHEMA)


@pytest.mark.parametrize(
    ("content", "schema", "allowed", "message"),
    [
        ("user,stars\na,1\n", None, "0", "unknown column 'colour'; known: 'stars', 'user'"),
        (BAD, "gone.yaml", "0", "gone.yaml"),
        (BAD, None, "some", "--max-invalid must be a share such as 1% or a number of records. Received: 'some'"),
        ("", None, "0", "the file is empty"),
    ],
)
def test_what_cannot_be_used_is_named(
    make_file: Make, content: str, schema: str | None, allowed: str, message: str
) -> None:
    with pytest.raises(InputError) as error:
        validate([make_file("a.csv", content)], schema or SCHEMA, max_invalid=allowed)
    assert message in str(error.value)
