"""Rows: each that is read is used or set aside with its reason; files are joined by time."""

from collections.abc import Callable
from typing import Any

import pytest

from gristmill.errors import InputError

HEADER = "time,inlet_c,it_power_kw,total_power_kw"


def rows(count: int, start: int = 0) -> list[tuple[object, ...]]:
    return [(900 * step, 20 + step / 10, 100, 120 + step) for step in range(start, start + count)]


def test_read_is_used_and_set_aside(steps: Callable[..., Any]) -> None:
    odd = [("soon", 20, 100, 120), (None, 20, 100, 120), (900, 20.1, 100, 121), (1800, 99, 100, 122)]
    made = steps((HEADER, [*rows(8), *odd]))
    report = made.report
    assert report["set_aside"] == {"no time": 2, "repeated": 1, "contradicted": 2}
    assert report["read"] == made.derived.files[0].read == 12 == report["used"] + sum(report["set_aside"].values())
    assert sorted(place for place, _ in made.rejected) == [4, 10, 11, 12, 13]
    reasons = dict(made.rejected)
    assert reasons[10] == "`time` must be a time: ISO 8601, or seconds since 1970. Received: 'soon'"
    assert reasons[11].endswith("Received: nothing")
    assert reasons[12] == "the row must not repeat a row of the same time. Received: 1970-01-01T00:15:00Z"
    assert reasons[4] == reasons[13]
    assert reasons[13].startswith("the row must have the values that other rows of its time have")


def test_rows_in_any_order_give_the_same_steps(steps: Callable[..., Any]) -> None:
    assert steps((HEADER, rows(9)[::-1])).derived.records.equals(steps((HEADER, rows(9))).derived.records)


def test_files_of_one_logger_follow_each_other(steps: Callable[..., Any]) -> None:
    made = steps((HEADER, rows(6)), (HEADER, rows(6, start=4)))
    assert made.column("time") == [900 * step for step in range(10)]
    assert [use.read for use in made.derived.files] == [6, 6]
    assert [len(use.rejected) for use in made.derived.files] == [0, 2]
    assert made.report["set_aside"] == {"repeated": 2}


def test_files_of_several_loggers_are_joined_by_time(steps: Callable[..., Any]) -> None:
    weather = [(3600 * hour, 10 + hour) for hour in range(2)]
    made = steps((HEADER, rows(8)), ("timestamp,outdoor_c", weather))
    assert made.report["step_seconds"] == 900
    assert made.column("outdoor_c") == [10.0] * 4 + [11.0] * 4
    assert made.column("total_power_kw") == [120.0 + step for step in range(8)]
    assert made.report["set_aside"] == {}
    assert made.told("outdoor_c")["cells"] == 2


def test_powers_in_two_files_make_a_pue(steps: Callable[..., Any]) -> None:
    it = [(900 * step, 100) for step in range(8)]
    total = [(900 * step, 90 if step == 3 else 130) for step in range(8)]
    made = steps(("time,it_power_kw", it), ("time,total_power_kw", total), max_gap=0)
    assert made.column("pue") == [1.3] * 3 + [1.3] * 4  # the step in which total < IT has no value at all
    assert made.told("total_power_kw")["below_it_power"] == 1
    with pytest.raises(InputError, match=r"must have a median from 1 to 10\. Received: 1\.3e-05"):
        steps(
            ("time,it_power_kw", [(t, 1000 * value) for t, value in it]),
            ("time,total_power_kw", [(t, 1.3 * 1) for t, _ in it]),
        )


def test_the_site_is_a_column_or_a_name(steps: Callable[..., Any]) -> None:
    made = steps((HEADER, rows(4)), site="north")
    assert made.column("site") == ["north"] * 4
    halls = [(*row[:1], hall, *row[1:]) for row in rows(4) for hall in ("B", "A", "")]
    made = steps((HEADER.replace("time,", "time,hall,"), halls), site="hall")
    assert made.report["sites"] == ["A", "B"]
    assert made.column("site") == ["A"] * 4 + ["B"] * 4
    assert made.column("segment") == [0] * 4 + [1] * 4
    assert made.report["set_aside"] == {"no site": 4}
    with pytest.raises(InputError, match=r"1\.csv: the column of the site must stand in all files or in none"):
        steps((HEADER.replace("time,", "time,hall,"), halls), (HEADER, rows(4)), site="hall")


def test_columns_that_are_left_out_are_told(steps: Callable[..., Any]) -> None:
    made = steps((HEADER + ",status,spare,pue", [(*row, "ok", None, 1.5) for row in rows(4)]))
    assert {left["column"]: left["why"] for left in made.report["left_out"]} == {
        "status": "holds no numbers, such as 'ok'",
        "spare": "holds no value",
        "pue": "is computed anew from the powers",
    }
    assert made.derived.record_schema.names == (
        "site", "time", "segment", "inlet_c", "it_power_kw", "total_power_kw", "pue",
    )  # fmt: skip
    assert made.column("pue") == [1.2, 1.21, 1.22, 1.23]
