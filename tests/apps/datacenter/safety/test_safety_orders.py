"""The operator's orders: any mode and limit at any time, from the next step on, and a broken file changes nothing."""

import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from apps.datacenter.plant import Action
from apps.datacenter.safety import OperatorFile, Orders
from gristmill.errors import InputError

NOON = datetime(1991, 7, 1, 12)


def write(path: Path, **orders: Any) -> None:
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(json.dumps(orders))
    os.utime(path, ns=(before + 1_000_000_000,) * 2)


def test_modes_are_taken_up_at_the_next_step(plant: Callable[..., Any], tmp_path: Path) -> None:
    orders = tmp_path / "orders.yaml"
    fake = plant(orders_file=orders)
    assert fake.source == "advice"
    write(orders, mode="hold", hold={"supply_air_c": 21.0})
    assert fake.run().supply_air_c == 22.5
    assert (fake.source, fake.log[-1]["mode"]) == ("hold", "hold")
    assert "the operator's file says hold" in fake.reasons
    assert fake.run(12) == Action(supply_air_c=21.0), "what is not held goes to local control"
    write(orders, mode="hold", hold={"supply_air_c": 25.0}, at_once=True)
    assert fake.run().supply_air_c == 25.0
    write(orders, mode="act")
    fake.run(12)
    assert fake.source == "advice"


def test_limits_bind_advice_and_rules(plant: Callable[..., Any], tmp_path: Path) -> None:
    orders = tmp_path / "orders.yaml"
    fake = plant(orders_file=orders)
    write(orders, limits={"supply_air_c": [18, 20]})
    assert fake.run(5).supply_air_c == 20.0
    assert "`supply_air_c` cut from 24.00 to 20.00 by the operator" in fake.reasons
    fake.advisor.advice = None
    assert fake.run(5).supply_air_c == 20.0
    assert fake.source == "fallback"


def test_shadow_asks_and_logs_and_does_not_act(plant: Callable[..., Any], tmp_path: Path) -> None:
    orders = tmp_path / "orders.yaml"
    write(orders, mode="shadow")
    fake = plant(orders_file=orders)
    assert fake.actions == [Action()] * 16
    assert fake.advisor.asked == 16
    row = fake.log[-1]
    assert (row["source"], row["advised_supply_air_c"], row["set_supply_air_c"]) == ("local", 24.0, None)
    assert (row["expected_inlet_high_c"], row["expected_spread_c"]) == (25.0, 0.1)
    assert "the operator wants advice in the shadow only" in fake.reasons


def test_local_control_does_not_ask(plant: Callable[..., Any], tmp_path: Path) -> None:
    orders = tmp_path / "orders.yaml"
    write(orders, mode="local")
    fake = plant(orders_file=orders)
    assert fake.actions[-1] == Action()
    assert fake.advisor.asked == 0


def test_orders_end_when_they_say(tmp_path: Path) -> None:
    write(tmp_path / "orders.yaml", mode="local", until="1991-07-01 12:00")
    file = OperatorFile(tmp_path / "orders.yaml")
    assert file.now(NOON.replace(hour=11))[0].mode == "local"
    assert file.now(NOON)[0] == Orders()


def test_a_broken_file_keeps_the_last_good_one(tmp_path: Path) -> None:
    path = tmp_path / "orders.yaml"
    file = OperatorFile(path)
    assert file.now(NOON) == (Orders(), []), "no file, no orders"
    write(path, mode="shadow")
    assert file.now(NOON)[0].mode == "shadow"
    write(path, mode="stop")
    orders, notes = file.now(NOON)
    assert orders.mode == "shadow"
    assert "is broken, shadow stays: setting `mode`" in notes[0]
    assert file.now(NOON) == (orders, []), "it is said once"
    path.write_text("mode: [")
    assert file.now(NOON)[0].mode == "shadow"
    path.unlink()
    orders, notes = file.now(NOON)
    assert orders.mode == "shadow"
    assert "is gone: its last orders stay" in notes[0]


def test_a_file_that_was_never_good_means_local_control(tmp_path: Path) -> None:
    (tmp_path / "orders.yaml").write_text("just act")
    orders, notes = OperatorFile(tmp_path / "orders.yaml").now(NOON)
    assert orders.mode == "local"
    assert "it must hold orders" in notes[0]


@pytest.mark.parametrize(
    ("orders", "message"),
    [
        ({"mode": "hold"}, "`hold` must name a set-point"),
        ({"hold": {"supply_air_c": 25}, "limits": {"supply_air_c": (18, 24)}}, "`hold` must keep `limits`"),
        ({"limits": {"supply_air_c": (24, 18)}}, "`supply_air_c` must rise within 5.0 to 40.0 degC"),
        ({"limits": {"supply": (24, 18)}}, "fields must be among zone_cooling_c"),
    ],
)
def test_orders_that_contradict_themselves_are_refused(orders: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Orders(**orders)
