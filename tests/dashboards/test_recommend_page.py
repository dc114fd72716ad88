"""The page of the recommender, on a lite file whose scores are known by thought."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboards.parts.folders import find_dataset
from dashboards.recommending import (
    Baselines,
    Catalogue,
    lite_files,
    recommend,
    recommend_baselines,
)
from gristmill.data.dataset import Dataset
from gristmill.errors import InputError, IntegrityError
from gristmill.lite import LiteModel, Signature, convert, export_saved_model
from gristmill.runs import Run

WINDOW, ITEMS = 4, 5
IDS, NAMES = b"a\nb\nc\nd\ne\n", b"Alien\nBrazil\nCasablanca\nDune\nEraserhead\n"


@pytest.fixture(scope="session")
def lite_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A lite file that recommends the item after the last one of the history: 2 after 1, 1 after 5."""
    import keras
    import tensorflow as tf

    table = keras.layers.Embedding(ITEMS + 1, ITEMS + 1)
    history = keras.Input((WINDOW,), dtype="int32")
    model = keras.Model(history, table(history)[:, -1])
    steps = (np.arange(ITEMS + 1) - np.arange(ITEMS + 1)[:, None] - 1) % ITEMS
    table.embeddings.assign(ITEMS - steps.astype(np.float32))

    def function(history: tf.Tensor) -> dict[str, tf.Tensor]:
        seen = tf.scatter_nd(tf.transpose(history), tf.ones([WINDOW]), [ITEMS + 1])
        scores = tf.where((seen > 0) | (tf.range(ITEMS + 1) == 0), -1e9, model(history))
        values, items = tf.math.top_k(scores, 3)
        return {"items": items, "scores": values}

    folder = tmp_path_factory.mktemp("lite")
    signature = Signature("recommend", function, {"history": ((1, WINDOW), "int32")})
    export_saved_model(model, [signature], folder / "saved")
    convert(folder / "saved", folder / "made.tflite", "f32", {"items.txt": IDS, "titles.txt": NAMES})
    return (folder / "made.tflite").read_bytes()


@pytest.fixture
def run(make_run: Callable[..., Path], dataset: Path, lite_bytes: bytes) -> Run:
    """A run on the tiny dataset with the lite file."""
    opened = Dataset.open(dataset)
    origin = {"name": "films", "manifest_sha256": opened.manifest_sha256}
    files = {"lite/retrieval-f32.tflite": lite_bytes}
    return Run.open(make_run("first", files=files, origin=origin, dataset=str(dataset)))


def open_page() -> AppTest:
    page = AppTest.from_string("from dashboards import recommend\nrecommend.page()", default_timeout=120).run()
    assert not page.exception
    return page


def texts(page: AppTest) -> str:
    return "\n".join(item.value for item in page.markdown)


def test_the_lite_file_recommends_what_follows_the_last_event(run: Run) -> None:
    lite = LiteModel(run.file(lite_files(run)[0]))
    catalogue = Catalogue.of(lite)
    made = recommend(lite, catalogue, [1, 3], 2)
    assert [(item.title, item.score) for item in made] == [("Dune", 5.0), ("Eraserhead", 4.0)]
    assert [item.title for item in recommend(lite, catalogue, [2, 4, 2, 3, 4, 5], 9)] == ["Alien"]


def test_a_file_without_titles_is_refused(run: Run, lite_bytes: bytes, tmp_path: Path) -> None:
    from gristmill.lite import attach

    path = tmp_path / "bare.tflite"
    path.write_bytes(lite_bytes)
    attach(path, {"items.txt": IDS})
    with pytest.raises(IntegrityError, match="5 items, 0 titles"):
        Catalogue.of(LiteModel(path))


def test_baselines_recommend_unseen_items_in_order_of_their_scores() -> None:
    catalogue = Catalogue(("a", "b", "c"), ("Alien", "Brazil", "Casablanca"))
    scorers = {"fixed": lambda asked: np.array([[9, 1, 2, 3]] * len(asked), np.float32)}
    made = recommend_baselines(scorers, catalogue, [3], 5)
    assert [(item.title, item.score) for item in made["fixed"]] == [("Brazil", 2.0), ("Alien", 1.0)]


def test_all_baselines_are_fitted_on_the_dataset(run: Run, dataset: Path) -> None:
    fitted = Baselines.fit(Dataset.open(dataset), cold_below=30)
    assert {"popularity", "item_knn", "ease"} <= set(fitted.scorers)


def test_the_dataset_of_a_run_is_found_where_it_lies_now(run: Run, dataset: Path, tmp_path: Path) -> None:
    assert find_dataset(run, tmp_path / "datasets") == dataset
    moved = dataset.rename(dataset.with_name("moved"))
    assert find_dataset(run, tmp_path / "datasets") == moved
    with pytest.raises(InputError, match="dataset of the run first"):
        find_dataset(run, tmp_path / "elsewhere")


def test_without_runs_the_page_names_the_command() -> None:
    assert open_page().code[0].value == "gristmill run recommend"


def test_a_run_without_lite_files_shows_its_quality_and_the_command(make_run: Callable[..., Path]) -> None:
    path = make_run("first")
    page = open_page()
    assert page.code[0].value == f"gristmill export {path}"
    assert "| NDCG@10 | **0.0649** |" in texts(page)


def test_the_page_recommends_to_a_user_beside_the_baselines(run: Run) -> None:
    page = open_page()
    assert not page.warning and not page.error
    next(box for box in page.selectbox if box.label == "User").select_index(0).run()
    assert not page.exception
    assert "**4 events, the last ones first**" in texts(page)
    lists = [table.value for table in page.dataframe if "Title" in table.value]
    assert len(lists) >= 4
    assert all(len(table) == 1 and table["Title"][0].startswith("✓ ") for table in lists)
    assert "**our model** · right at rank 1" in texts(page)


def test_the_page_recommends_to_a_history_of_ones_own(run: Run) -> None:
    page = open_page()
    page.radio[0].set_value("A history of your own").run()
    assert "Choose at least one item" in page.info[0].value
    page.multiselect[0].set_value([1]).run()
    assert not page.exception
    ours = next(table.value for table in page.dataframe if "Title" in table.value)
    assert ours["Title"].tolist() == ["Brazil", "Casablanca", "Dune"]


def test_without_its_dataset_the_page_recommends_and_says_what_lacks(run: Run, dataset: Path) -> None:
    dataset.rename(dataset.parent.parent / "away")
    page = open_page()
    assert "No users and no baselines" in page.warning[0].value
    page.multiselect[0].set_value([2]).run()
    assert not page.exception
    assert len([table for table in page.dataframe if "Title" in table.value]) == 1
