"""The recommender's settings, and the names that travel in its lite files."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from apps.recommend import app
from apps.recommend.assets import ranking_assets, retrieval_assets, titles
from apps.recommend.config import RecommendConfig
from apps.recommend.events import Events
from gristmill.app import Work
from gristmill.errors import InputError
from gristmill.progress import Silent
from gristmill.schema import Feature, Kind, Missing


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("retrieval.heads=3", r"`retrieval`: heads must divide width. Received: heads=3, width=64"),
        ("retrieval.history=20", r"`retrieval`: history must not be below window. Received: 20 < 50"),
        ("retrieval.dropout=1", r"`retrieval.dropout`: .*less than 1. Received: 1"),
        ("ranking.hidden_units=[]", r"`ranking.hidden_units`: .*at least 1 item"),
        ("ranking.hidden_units=[0]", r"`ranking.hidden_units.0`: .*greater than or equal to 1. Received: 0"),
        ("retrieval.epoch=3", r"unknown setting 'retrieval.epoch'; did you mean 'retrieval.epochs'"),
    ],
)
def test_a_setting_that_cannot_work_is_named(setting: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        app.configure("default", [setting])


def test_a_change_reaches_the_model_that_it_names() -> None:
    config: Any = app.configure("small", ["retrieval.learning_rate=1e-3", "ranking.hidden_units=[16, 4]"])
    assert (config.retrieval.learning_rate, config.ranking.hidden_units) == (0.001, (16, 4))
    assert config.retrieval.width == 16


@pytest.fixture
def work(make_events: Callable[..., Events], make_dataset: Callable[..., Any]) -> Work:
    features = [
        Feature(name="item", kind=Kind.ID),
        Feature(name="title", kind=Kind.TEXT, missing=Missing.KEEP),
        Feature(name="year", kind=Kind.NUMBER, missing=Missing.KEEP),
    ]
    columns = {
        "item": ["i3", "i2", "i1", "elsewhere"],
        "title": ["Solaris", None, "Two\nlines", "Stalker"],
        "year": [1972.0, 1980.0, None, 1979.0],
    }
    return Work(
        make_dataset(make_events([[1, 2], [3]]), {"items": (features, columns)}), RecommendConfig(), 0, Silent()
    )


def test_a_title_is_name_and_year_or_else_the_id(work: Work) -> None:
    assert titles(work.dataset) == {"i1": "Two\nlines", "i2": "i2", "i3": "Solaris (1972)"}


def test_without_a_table_of_items_titles_are_ids(
    make_events: Callable[..., Events], make_dataset: Callable[..., Any]
) -> None:
    assert titles(make_dataset(make_events([[1, 2]]))) == {"i1": "i1", "i2": "i2"}


def test_line_i_of_each_list_belongs_to_index_i(work: Work) -> None:
    for assets in (retrieval_assets(work), ranking_assets(work)):
        assert assets["items.txt"].decode() == "i1\ni2\ni3\n"
        assert assets["titles.txt"].decode() == "Two lines\ni2\nSolaris (1972)\n"
    assert ranking_assets(work)["users.txt"].decode() == "u1\nu2\n"


def test_the_files_say_how_to_call_them(work: Work) -> None:
    retrieval, ranking = (json.loads(made(work)["signature.json"]) for made in (retrieval_assets, ranking_assets))
    assert retrieval.keys() == {"signature", "history", "items", "scores"}
    assert ranking.keys() == {"signature", "user", "history", "liked", "items", "probabilities"}
    assert "1024" in retrieval["history"]
