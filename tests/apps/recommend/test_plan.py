"""Which columns of a user's own files hold what, and what their side features are."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from apps.recommend.options import IngestOptions
from apps.recommend.plan import make_plan
from gristmill.data.plan import IngestPlan, TimeSplit
from gristmill.errors import InputError
from gristmill.schema import Feature, Kind, Missing, Role

EVENTS = "userId,movieId,rating,timestamp\n1,2,3,4\n"


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., IngestPlan]:
    """Makes a plan from contents of files by source, with `interactions` of MovieLens's columns by default."""

    def made(interactions: str = EVENTS, options: dict[str, Any] | None = None, **others: str) -> IngestPlan:
        sources = {}
        for name, text in {"interactions": interactions, **others}.items():
            ending = "jsonl" if text.startswith("{") else "csv"
            (tmp_path / f"{name}.{ending}").write_text(text)
            sources[name] = [str(tmp_path / f"{name}.{ending}")]
        return make_plan(sources, IngestOptions(**(options or {})))

    return made


def _columns(plan: IngestPlan) -> dict[str, str]:
    return {feature.name: feature.source_column for feature in plan.records.record_schema.features}


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("userId,movieId,rating,timestamp", ["userId", "movieId", "rating", "timestamp"]),
        (
            "user_id:token,item_id:token,rating:float,timestamp:float",
            ["user_id:token", "item_id:token", "rating:float", "timestamp:float"],
        ),
        ("x,Date,STARS,Product_ID,USER", ["USER", "Product_ID", "STARS", "Date"]),
    ],
)  # fmt: skip
def test_columns_are_guessed_by_custom(make: Callable[..., IngestPlan], header: str, columns: list[str]) -> None:
    plan = make(header + "\n")
    assert _columns(plan) == dict(zip(("user", "item", "rating", "time"), columns, strict=True))
    assert plan.split == TimeSplit(key="user", order_by=("time", "item"))
    assert plan.records.unique == ("user", "item", "rating", "time")
    assert plan.records.record_schema["rating"].role is Role.LABEL


def test_columns_can_be_named(make: Callable[..., IngestPlan]) -> None:
    options = {"user": "a", "item": "b", "rating": "c", "time": "d", "shards": 4}
    plan = make("a,b,c,d,user,item\n", options)
    assert _columns(plan) == {"user": "a", "item": "b", "rating": "c", "time": "d"}
    assert plan.shards == 4


def test_ratings_are_optional(make: Callable[..., IngestPlan]) -> None:
    plan = make("user,item,time\n")
    assert plan.records.record_schema.names == ("user", "item", "time") == plan.records.unique


@pytest.mark.parametrize(
    ("interactions", "options", "message"),
    [
        ("user,item,when\n", {}, "no column for the time (looked for time, timestamp, date, datetime, timestamp:float)"),
        ("user,item,when\n", {}, "name it with --time. The file has: user, item, when"),
        (EVENTS, {"user": "userid"}, "unknown column 'userid'; did you mean 'userId'?"),
        (EVENTS, {"rating": "score"}, "unknown column 'score'; known: 'movieId', 'rating', 'timestamp', 'userId'"),
        ("", {}, "interactions.csv: the file is empty"),
    ],
)  # fmt: skip
def test_a_column_that_is_not_there_is_named(
    make: Callable[..., IngestPlan], interactions: str, options: dict[str, str], message: str
) -> None:
    with pytest.raises(InputError) as error:
        make(interactions, options)
    assert message in str(error.value)


def test_options_have_rules() -> None:
    with pytest.raises(InputError, match=r"--shards must be a positive integer\. Received: 0"):
        IngestOptions(shards=0)
    with pytest.raises(InputError, match="--interactions must name at least one file"):
        make_plan({"interactions": [], "items": []}, IngestOptions())


def _side(make: Callable[..., IngestPlan], text: str, options: dict[str, Any] | None = None) -> dict[str, Feature]:
    plan = make(items=text, options=options)
    return {feature.name: feature for feature in plan.tables[0].record_schema.features}


def test_side_features_are_told_by_their_values(make: Callable[..., IngestPlan]) -> None:
    rows = [
        f"m{n},Film {n},{n}.5,{'red' if n % 2 else 'blue'},x|y,note {n},{'' if n % 2 else 7},1_{n}" for n in range(20)
    ]
    features = _side(make, "\n".join(["movieId,title,price,color,genres,text,some,under", *rows]))
    assert {name: (f.kind, f.separator) for name, f in features.items()} == {
        "item": (Kind.ID, " "),
        "title": (Kind.TEXT, " "),
        "price": (Kind.NUMBER, " "),
        "color": (Kind.CATEGORY, " "),
        "genres": (Kind.SEQUENCE, "|"),
        "text": (Kind.TEXT, " "),
        "some": (Kind.NUMBER, " "),
        "under": (Kind.TEXT, " "),
    }
    assert all(f.missing is Missing.KEEP for name, f in features.items() if name != "item")
    assert features["item"].missing is Missing.REJECT


def test_names_can_say_what_a_column_holds(make: Callable[..., IngestPlan]) -> None:
    features = _side(make, "item_id:token,release_year:token,class:token_seq,size:float\n1,1995,a b,x\n2,1996,a,y\n")
    assert {name: (f.kind, f.source_column) for name, f in features.items()} == {
        "item": (Kind.ID, "item_id:token"),
        "year": (Kind.NUMBER, "release_year:token"),
        "genres": (Kind.SEQUENCE, "class:token_seq"),
        "size": (Kind.NUMBER, "size:float"),
    }


def test_lists_are_sequences_also_with_one_element(make: Callable[..., IngestPlan], tmp_path: Path) -> None:
    features = _side(make, '{"item": 1, "tags": ["a"], "empty": []}\n{"item": 2, "tags": ["b"], "empty": null}\n')
    assert (features["tags"].kind, features["tags"].dtype) == (Kind.SEQUENCE, "string")
    assert features["empty"].dtype == "string"
    (tmp_path / "events.csv").write_text(EVENTS)
    path = str(tmp_path / "items.parquet")
    pq.write_table(pa.table({"item": [1], "vector": [[0.5, 1.0]], "ids": [[1, 2]]}), path)
    plan = make_plan({"interactions": [str(tmp_path / "events.csv")], "items": [path]}, IngestOptions())
    assert {f.name: f.dtype for f in plan.tables[0].record_schema.features} == {
        "item": "string",
        "vector": "float32",
        "ids": "string",
    }


@pytest.mark.parametrize(
    ("items", "options", "message"),
    [
        ("a,b\n", {}, "items.csv: no column for the item; the file has: a, b"),
        ("item,name\n", {"title": "nam"}, "items.csv: unknown column 'nam'; did you mean 'name'?"),
        (",item\n", {}, "items.csv: column 1 has no name; name it in the header, or leave it out"),
        ("item,name,title\n", {"title": "name"}, "two columns would be called 'title'; rename one of them"),
    ],
)
def test_side_files_that_cannot_be_used_are_named(
    make: Callable[..., IngestPlan], items: str, options: dict[str, str], message: str
) -> None:
    with pytest.raises(InputError) as error:
        _side(make, items, options)
    assert message in str(error.value)


def test_several_files_and_globs_of_any_format(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("user\titem\ttime\n")
    (tmp_path / "b.tsv.gz").write_bytes(gzip.compress(b"user\titem\ttime\n"))
    (tmp_path / "users.csv").write_text("user,age\n1,20\n")
    plan = make_plan(
        {"interactions": [str(tmp_path / "*.tsv*"), str(tmp_path / "a.tsv")], "users": [str(tmp_path / "users.csv")]},
        IngestOptions(),
    )
    assert [Path(path).name for path in plan.records.paths] == ["a.tsv", "b.tsv.gz"]
    assert (plan.tables[0].name, plan.tables[0].unique) == ("users", ("user",))
    for content in (b"", gzip.compress(b"user")[:-9]):
        (tmp_path / "a.tsv").write_bytes(content)
        with pytest.raises(InputError, match=r"a\.tsv: "):
            make_plan({"interactions": [str(tmp_path / "a.tsv")]}, IngestOptions())
