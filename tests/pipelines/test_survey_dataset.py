"""Datasets are described by what they keep, and compared by that or by their records, to the same figures."""

from dataclasses import replace
from pathlib import Path

import pytest

from gristmill.data.dataset import Dataset
from gristmill.data.plan import HashSplit, IngestPlan, Source
from gristmill.errors import InputError
from gristmill.schema import Schema
from pipelines.ingest import ingest
from pipelines.survey import compare, compare_splits, describe
from pipelines.survey.compare import compare_sides
from pipelines.survey.sides import dataset_side, schema_named

SCHEMA = Schema.model_validate(
    {
        "features": [
            {"name": "user", "kind": "id", "role": "key"},
            {"name": "stars", "kind": "number", "dtype": "int64"},
            {"name": "tags", "kind": "sequence", "separator": "|", "missing": "keep"},
        ]
    }
)
SHOPS = Schema.model_validate({"features": [{"name": "shop", "kind": "id"}, {"name": "size", "kind": "number"}]})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of 600 records in three splits, and a side table."""
    place = tmp_path_factory.mktemp("made")
    rows = [f"u{n},{n % 5},{'|'.join('abc'[: n % 4])}" for n in range(600)]
    (place / "a.csv").write_text("\n".join(["user,stars,tags", *rows]) + "\n")
    (place / "shops.csv").write_text("shop,size\nx,1\ny,2\n")
    plan = IngestPlan(
        app="made",
        records=Source(name="records", paths=(str(place / "a.csv"),), record_schema=SCHEMA),
        split=HashSplit(key="user", fractions=(0.5, 0.25, 0.25)),
        tables=(Source(name="shops", paths=(str(place / "shops.csv"),), record_schema=SHOPS, unique=("shop",)),),
        shards=2,
    )
    ingest(plan, place / "data")
    return place / "data"


def test_a_description_is_what_the_dataset_keeps(folder: Path) -> None:
    made = describe([folder])
    dataset = Dataset.open(folder)
    assert made.statistics == dataset.statistics
    assert (made.records, made.invalid) == (602, 0)
    assert list(describe([folder], splits=["test"]).statistics) == ["test"]
    told = made.values()["statistics"]["train"]["tags"]
    assert (told["kind"], told["dtype"], told["distinct"]) == ("sequence", "string", 3)


def test_a_file_is_described_as_its_dataset_is(folder: Path) -> None:
    made = describe([folder.parent / "a.csv"], schema=str(folder))
    side = dataset_side(Dataset.open(folder))
    whole, found = side.statistics.summary(), made.statistics["records"]
    assert {name: figures["count"] for name, figures in found.items()} == dict.fromkeys(SCHEMA.names, 600)
    assert found["stars"]["quantiles"] == whole["stars"]["quantiles"]
    assert found["tags"]["top"] == whole["tags"]["top"]
    inferred = describe([folder.parent / "a.csv"])
    assert inferred.schemas["records"]["tags"].kind == "sequence"


def test_records_give_the_figures_that_the_dataset_keeps(folder: Path) -> None:
    dataset = Dataset.open(folder)
    forgetful = Dataset(folder, dataset.manifest.model_copy(update={"states": {}}))
    for splits in ((), ("train",), ("train", "test"), ("shops",)):
        kept, read = dataset_side(dataset, splits), dataset_side(forgetful, splits)
        assert kept.statistics.summary() == read.statistics.summary()
        assert compare_sides(kept, replace(read, name="read")).features[0].js == pytest.approx(0)


def test_splits_of_one_dataset_are_compared(folder: Path) -> None:
    made = compare_splits(str(folder), ["train", "test"])
    assert not made.drifted
    assert made == compare(f"{folder}:train", f"{folder}:test")
    assert sum(made.records) == sum(
        describe([folder], splits=["train", "test"]).statistics[s]["user"]["count"] for s in ("train", "test")
    )


def test_a_dataset_is_compared_with_a_file(folder: Path, tmp_path: Path) -> None:
    assert not compare(str(folder), str(folder.parent / "a.csv")).drifted
    (tmp_path / "b.csv").write_text("user,stars\n" + "".join(f"u{n},{3 + n % 2}\n" for n in range(300)))
    made = compare(str(folder), str(tmp_path / "b.csv"))
    assert [row.feature for row in made.features if row.drifted] == ["stars"]
    assert dict(made.mismatches) == {"tags": f"only in {folder}"}


def test_the_schema_of_a_side_table_is_had_by_its_name(folder: Path) -> None:
    assert schema_named(f"{folder}:shops") == SHOPS
    assert schema_named(str(folder)) == SCHEMA


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda folder: compare(f"{folder}:trian", str(folder)), "unknown split or table 'trian'; did you mean 'train'"),
        (lambda folder: compare_splits(str(folder), ["train"]), "--splits must name two"),
        (lambda folder: describe([folder], splits=["all"]), "unknown split or table 'all'"),
        (lambda folder: describe([folder.parent / "a.csv"], splits=["train"]), "--split stands with a dataset only"),
        (lambda folder: schema_named(f"{folder}:shop"), "unknown split or table 'shop'"),
        (lambda folder: dataset_side(Dataset.open(folder), ["train", "shops"]), "a side table is compared by itself"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_named(folder: Path, call: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call(folder)  # type: ignore[operator]
