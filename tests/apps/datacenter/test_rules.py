"""Rules: warmer while all is well, colder near the limit, outdoor air where it is of use, safe without sensors."""

from collections.abc import Mapping
from datetime import datetime
from math import nan

import pytest

from apps.datacenter.control.layout import Layout, read_layout
from apps.datacenter.control.rules import Reactive
from apps.datacenter.plant import Action, Observation, PlantOptions, run_plant
from apps.datacenter.plant.named import make_controller
from apps.datacenter.plant.summary import summarise

LAYOUT = Layout(
    inlets=("a_inlet_c", "b_inlet_c"),
    rooms=("a_temperature_c", "b_temperature_c"),
    supply=("a_node_c",),
    shown=(
        ("zone_cooling_c", ("a_cooling_setpoint_c",)),
        ("supply_air_c", ("a_node_setpoint_c",)),
        ("outdoor_air_kg_s", ("a_air_flow_kg_s",)),
    ),
)
WELL = {
    "a_inlet_c": 24.0,
    "b_inlet_c": 25.0,
    "a_temperature_c": 35.0,
    "b_temperature_c": 34.0,
    "a_node_setpoint_c": 23.0,
    "outdoor_c": 10.0,
    "outdoor_dew_point_c": 5.0,
}


def act(**changed: float) -> Action:
    last: Mapping[str, float] = WELL | changed
    return Reactive(LAYOUT).act(Observation(0, datetime(1991, 7, 1), lambda: last))


def test_supply_air_gets_warmer_below_the_aim_and_colder_faster_above_it() -> None:
    assert act() == Action(zone_cooling_c=36.0, supply_air_c=23.4)
    assert act(b_inlet_c=26.5).supply_air_c == pytest.approx(23.04), "a share of what is missing"
    assert act(b_inlet_c=29.5).supply_air_c == 22.0
    assert act(a_node_setpoint_c=25.7).supply_air_c == 25.8, "the warmest that is safe"


@pytest.mark.parametrize(
    ("outdoor", "dew_point", "outdoor_air"), [(25, 10, 1000), (19, 10, None), (33, 10, None), (25, 16, None)]
)
def test_all_air_comes_from_outdoors_where_that_is_of_use(
    outdoor: float, dew_point: float, outdoor_air: float | None
) -> None:
    assert act(outdoor_c=outdoor, outdoor_dew_point_c=dew_point).outdoor_air_kg_s == outdoor_air


def test_without_sensors_it_is_safe() -> None:
    assert act(**dict.fromkeys(WELL, nan)) == Action(zone_cooling_c=36.0, supply_air_c=22.0)
    assert act(b_inlet_c=nan).supply_air_c == 23.4, "the other inlet is still there"


def test_a_layout_names_what_a_model_has() -> None:
    room, rooms = (read_layout(PlantOptions(model=model)) for model in ("1zone-crac", "2zone-cw"))
    assert room.inlets == ("data_center_servers_inlet_c",)
    assert room.steers == {"zone_cooling_c", "supply_air_c", "fan_flow_kg_s"}
    assert rooms.steers == room.steers | {"chilled_water_c", "outdoor_air_kg_s"}


def test_days_of_july_stay_inside_for_half_the_cooling() -> None:
    options = PlantOptions(servers="flat", start="07-10", days=2)
    ruled = summarise(run_plant(options, make_controller("reactive", [], options)))
    assert ruled.inlet_steps_out == 0
    assert ruled.inlet_highest_c > 26.0
    assert ruled.cooling_mwh < 0.5 * summarise(run_plant(options)).cooling_mwh
