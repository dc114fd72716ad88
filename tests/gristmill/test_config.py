"""Settings from presets and `key=value` texts, and what is said of wrong ones."""

from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, model_validator

from gristmill.config import CheckedRecord, build_config, validated
from gristmill.errors import InputError


class Inner(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    width: int = Field(8, ge=1)
    rate: float = 0.1
    sizes: tuple[int, ...] = (1, 2)
    limit: int | None = 5


class Outer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    inner: Inner = Inner()
    name: str = "plain"
    fast: bool = False


def test_without_anything_there_are_the_defaults() -> None:
    assert build_config(Outer, {}, []) == Outer()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("inner.width=16", Outer(inner=Inner(width=16))),
        ("inner.rate=1e-3", Outer(inner=Inner(rate=0.001))),
        ("inner.sizes=[64, 32]", Outer(inner=Inner(sizes=(64, 32)))),
        ("inner.limit=null", Outer(inner=Inner(limit=None))),
        ("inner={width: 3}", Outer(inner=Inner(width=3))),
        ("name=a=b", Outer(name="a=b")),
        ("fast=true", Outer(fast=True)),
    ],
)
def test_keys_are_dotted_and_values_are_yaml(text: str, expected: Outer) -> None:
    assert build_config(Outer, {}, [text]) == expected


def test_a_change_is_stronger_than_the_preset_and_the_last_one_wins() -> None:
    made = build_config(Outer, {"inner.width": 2, "inner.rate": 0.5}, ["inner.width=3", "inner.width=4"])
    assert made == Outer(inner=Inner(width=4, rate=0.5))


@pytest.mark.parametrize(
    ("preset", "text", "message"),
    [
        ({}, "inner.widht=3", r"unknown setting 'inner.widht'; did you mean 'inner.width'"),
        ({}, "nam=x", r"unknown setting 'nam'; did you mean 'name'"),
        ({}, "iner.width=3", r"unknown setting 'iner.width'; did you mean 'inner.width'"),
        ({}, "width=3", r"unknown setting 'width'; did you mean 'inner.width'"),
        ({}, "inner.rate.x=3", r"setting `inner.rate.x`: `rate` has no settings of its own"),
        ({"inner.widht": 3}, "name=x", r"unknown setting 'inner.widht'"),
        ({}, "inner={widht: 3}", r"unknown setting 'inner.widht'; did you mean 'inner.width'"),
        ({}, "inner.width=wide", r"setting `inner.width`: .*valid integer.*Received: 'wide'"),
        ({}, "inner.width=0", r"setting `inner.width`: .*greater than or equal to 1. Received: 0"),
        ({}, "inner.sizes=[1, x]", r"setting `inner.sizes.1`: .*Received: 'x'"),
        ({}, "name.first=x", r"setting `name.first`: `name` has no settings of its own"),
        ({"inner": 5}, "inner.width=3", r"setting `inner.width`: `inner` must hold settings. Received: 5"),
        ({}, "inner.width", r"--set takes key=value. Received: 'inner.width'"),
        ({}, "=3", r"--set takes key=value. Received: '=3'"),
        ({}, "name=[1", r"setting `name`: not a YAML value: '\[1'"),
    ],
)
def test_a_wrong_setting_is_named(preset: dict[str, Any], text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        build_config(Outer, preset, [text])


class Room(CheckedRecord):
    lowest_c: float = 18.0
    highest_c: float = 27.0

    @model_validator(mode="after")
    def _rising(self) -> "Room":
        if self.lowest_c > self.highest_c:
            raise ValueError(f"`lowest_c` must be below `highest_c`. Received: {self.lowest_c}, {self.highest_c}")
        return self


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"lowest_c": "cold"}, r"^setting `lowest_c`: .*valid number.*Received: 'cold'$"),
        ({"lowest": 3.0}, r"^unknown setting 'lowest'; did you mean 'lowest_c'"),
        ({"lowest_c": 30.0}, r"^`lowest_c` must be below `highest_c`. Received: 30.0, 27.0$"),
    ],
)
def test_a_checked_record_names_what_is_wrong_however_it_is_made(values: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Room(**values)
    with pytest.raises(InputError, match=message):
        validated(Room, values)
