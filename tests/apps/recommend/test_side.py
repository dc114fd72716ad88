"""Side features: categories, lists and numbers of users and items as indices."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from apps.recommend.events import Events
from apps.recommend.side import SideFeature, side_features
from gristmill.schema import Feature, Kind, Missing

IDS = tuple(f"i{place + 1}" for place in range(12))


@pytest.fixture
def side(make_events: Callable[..., Events], make_dataset: Callable[..., Any]) -> Callable[..., list[SideFeature]]:
    """The features of a table of items with one column beside the key; the table holds the items backwards."""

    def make(feature: Feature, values: list[Any], terms: list[str] | None = None) -> list[SideFeature]:
        events = make_events([[1, 2, 3]], items=12)
        columns = {"item": list(reversed(IDS)), feature.name: list(reversed(values))}
        features = [Feature(name="item", kind=Kind.ID), feature]
        dataset = make_dataset(events, {"items": (features, columns)}, {f"items.{feature.name}": terms or []})
        return side_features(dataset, "items", "item", IDS, width=4)

    return make


def category(kind: Kind = Kind.CATEGORY, dtype: str = "") -> Feature:
    return Feature(name="colour", kind=kind, dtype=dtype, missing=Missing.KEEP)


def test_a_category_becomes_the_index_of_its_term(side: Callable[..., list[SideFeature]]) -> None:
    (made,) = side(category(), ["red", "blue", None] * 4, ["blue", "red"])
    assert made.values.tolist() == [0, *[2, 1, 0] * 4]
    assert made.values.dtype == np.int32
    assert (made.column.name, made.column.size, made.column.length, made.column.width) == ("item_colour", 3, None, 4)


def test_a_list_is_padded_to_the_longest(side: Callable[..., list[SideFeature]]) -> None:
    (made,) = side(category(Kind.SEQUENCE), [["red"], [], None, ["blue", "red"]] * 3, ["blue", "red"])
    assert made.values.tolist() == [[0, 0], *[[2, 0], [0, 0], [0, 0], [1, 2]] * 3]
    assert (made.column.size, made.column.length) == (3, 2)


def test_a_number_falls_into_tenths_of_the_items(side: Callable[..., list[SideFeature]]) -> None:
    (made,) = side(category(Kind.NUMBER), [float(value) for value in range(11)] + [None])
    assert made.values.tolist() == [0, *range(1, 11), 10, 0]
    assert made.column.size == 11


def test_few_different_numbers_make_few_buckets(side: Callable[..., list[SideFeature]]) -> None:
    (made,) = side(category(Kind.NUMBER, "int64"), [0, 7] * 6)
    assert len(set(made.values[1:].tolist())) == 2
    assert made.values.max() < made.column.size


def test_terms_of_too_few_items_are_left_out(side: Callable[..., list[SideFeature]]) -> None:
    assert side(category(), ["a", "b", "c"] * 4, ["a", "b", "c"]) == []
    assert len(side(category(), ["a", "b"] * 6, ["a", "b"])) == 1


def test_what_says_nothing_is_left_out(side: Callable[..., list[SideFeature]]) -> None:
    assert side(category(), [None] * 12, []) == []
    assert side(category(Kind.NUMBER), [None] * 11 + [float("nan")]) == []
    assert side(category(Kind.TEXT), ["some words"] * 12) == []
    assert side(category(Kind.SEQUENCE, "float32"), [[1.0]] * 12) == []


def test_an_item_without_a_record_has_nothing(
    make_events: Callable[..., Events], make_dataset: Callable[..., Any]
) -> None:
    features = [Feature(name="item", kind=Kind.ID), category()]
    tables = {"items": (features, {"item": ["i2", "not in any event"], "colour": ["red", "red"]})}
    dataset = make_dataset(make_events([[1]], items=12), tables, {"items.colour": ["red"]})
    (made,) = side_features(dataset, "items", "item", IDS, 4)
    assert made.values.tolist() == [0, 0, 1] + [0] * 10


def test_without_a_table_there_is_nothing(make_events: Callable[..., Events], make_dataset: Callable[..., Any]) -> None:
    assert side_features(make_dataset(make_events([[1]])), "users", "user", ("u1",), 4) == []
