"""Models and weather files are checked before the simulator reads them, and a fault is named with its file."""

import json
from pathlib import Path
from typing import Any

import pytest

from apps.datacenter.plant.controllers import Action
from apps.datacenter.plant.model import find_data_center, read_model
from apps.datacenter.plant.options import PlantOptions
from apps.datacenter.plant.prepare import prepare
from apps.datacenter.plant.simulator import as_epjson
from apps.datacenter.plant.sources import WEATHER, model_file, weather_file
from apps.datacenter.plant.weather import check_weather
from gristmill.errors import InputError


def test_a_weather_file_cut_in_half_is_refused(tmp_path: Path) -> None:
    whole = weather_file("chicago").read_bytes()
    check_weather(weather_file("chicago"))
    cut = tmp_path / "cut.epw"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"cut\.epw, line \d+: an hour must have 32 fields or more, .*Received: \d+"):
        check_weather(cut)
    cut.write_bytes(b"\n".join(whole.split(b"\n")[:4388]))
    with pytest.raises(InputError, match=r"cut\.epw: a year must have 8760 hours .* Received: 4380, .* 7/2"):
        check_weather(cut)
    cut.write_bytes(b"")
    with pytest.raises(InputError, match=r"cut\.epw: an EPW file must start with LOCATION"):
        check_weather(cut)


@pytest.mark.parametrize(("field", "value"), [(1, "Jan"), (7, "warm"), (10, ""), (20, "nan"), (32, "1.2.3")])
def test_a_field_of_a_weather_file_that_is_no_number_is_named(field: int, value: str, tmp_path: Path) -> None:
    lines = weather_file("chicago").read_text("latin-1").splitlines()
    fields = lines[100].split(",")
    lines[100] = ",".join([*fields[: field - 1], value, *fields[field:]])
    (tmp_path / "own.epw").write_text("\n".join(lines), "latin-1")
    message = rf"own\.epw, line 101: field {field} of an hour must be a number\. Received: {value!r}"
    with pytest.raises(InputError, match=message):
        check_weather(tmp_path / "own.epw")


@pytest.mark.parametrize("place", WEATHER)
def test_every_named_weather_file_is_whole(place: str) -> None:
    check_weather(weather_file(place))


def test_names_that_are_not_known_get_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean '2zone-dx'"):
        model_file("2zonedx")
    with pytest.raises(InputError, match="did you mean 'chicago'"):
        weather_file("chicagoo")
    with pytest.raises(InputError, match=r"model file none\.epJSON is not there"):
        model_file("none.epJSON")


def test_a_model_without_a_data_centre_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "office.epJSON"
    path.write_text(json.dumps({"Version": {"Version 1": {"version_identifier": "25.2"}}, "Zone": {"Hall": {}}}))
    with pytest.raises(InputError, match=r"office\.epJSON: a model must have a data centre .*without servers"):
        find_data_center(read_model(path), str(path))
    path.write_text('{"Version":')
    with pytest.raises(InputError, match=r"office\.epJSON: a model must be epJSON"):
        read_model(path)
    for other in ("[1]", '{"Version": 25.2}', '{"Version": {"Version 1": "25.2"}}'):
        path.write_text(other)
        with pytest.raises(InputError, match=r"office\.epJSON: a model must be epJSON"):
            read_model(path)
    model = read_model(model_file("2zone-dx"))
    next(iter(model["ElectricEquipment:ITE:AirCooled"].values())).pop("zone_or_space_name")
    with pytest.raises(InputError, match=r"office: every object must have its fields\. .*'zone_or_space_name'"):
        find_data_center(model, "office")


def test_a_model_of_another_version_is_refused(tmp_path: Path) -> None:
    message = "a model must be of version 25.1 or 25.2 of EnergyPlus, .* Received: version 9.6"
    (tmp_path / "own.epJSON").write_text(json.dumps({"Version": {"Version 1": {"version_identifier": "9.6"}}}))
    with pytest.raises(InputError, match=rf"own\.epJSON: {message}"):
        read_model(tmp_path / "own.epJSON")
    (tmp_path / "own.idf").write_text("! Version,25.2;\nVersion, !- of the simulator\n  9.6;\n")
    with pytest.raises(InputError, match=rf"own\.idf: {message}"):
        as_epjson(tmp_path / "own.idf", tmp_path)


@pytest.mark.parametrize(
    ("name", "zones", "water"),
    [
        ("1zone-crac", ("Main Zone",), None),
        ("2zone-cw", ("East Zone", "West Zone"), "CW Supply Outlet Node"),
        ("2zone-dx", ("East Zone", "West Zone"), "CW Supply Outlet Node"),
    ],
)
def test_the_data_centre_is_found(name: str, zones: tuple[str, ...], water: str | None) -> None:
    center = find_data_center(read_model(model_file(name)), name)
    assert (center.zones, center.chilled_water_node) == (zones, water)
    assert len(center.fans) == len(center.supply_nodes) == len(zones)
    assert [schedule for _, schedule in center.load_schedules] == ["Data Center CPU Loading Schedule"]


def test_flat_servers_are_refused_where_the_units_follow_the_servers_air() -> None:
    with pytest.raises(InputError, match=r"1zone-crac: `servers` must be stock .* Received: flat"):
        prepare(read_model(model_file("1zone-crac")), PlantOptions(servers="flat"), frozenset(), "1zone-crac")


def test_flat_servers_have_no_term_of_temperature() -> None:
    model = prepare(read_model(model_file("2zone-dx")), PlantOptions(servers="flat"), frozenset(), "2zone-dx")
    for servers in model["ElectricEquipment:ITE:AirCooled"].values():
        power = servers["cpu_power_input_function_of_loading_and_air_temperature_curve_name"]
        curve = model["Curve:Biquadratic"][power]
        assert (curve["coefficient1_constant"], curve["coefficient2_x"]) == (0.3, 0.7)
        assert curve["coefficient4_y"] == curve["coefficient5_y_2"] == curve["coefficient6_x_y"] == 0.0
        assert servers["design_fan_power_input_fraction"] == 0.1


def test_what_a_model_lacks_cannot_be_steered() -> None:
    model = read_model(model_file("1zone-crac"))
    for action in ("chilled_water_c", "outdoor_air_kg_s"):
        with pytest.raises(InputError, match=f"1zone-crac: `{action}` must be left out"):
            prepare(model, PlantOptions(), frozenset({action}), "1zone-crac")


def test_a_run_stays_within_a_year() -> None:
    assert PlantOptions(start="12-25", days=7).steps == 672
    with pytest.raises(InputError, match=r"`start` and `days` must stay within one year\. Received: 12-25, 8 days$"):
        PlantOptions(start="12-25", days=8)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"days": 0}, r"^setting `days`: .*greater than or equal to 1\. Received: 0$"),
        ({"step_minutes": 7}, r"^setting `step_minutes`: .*30 or 60\. Received: 7$"),
        ({"servers": "flatt"}, r"^setting `servers`: .*'stock' or 'flat'\. Received: 'flatt'$"),
        ({"start": "02-30"}, r"^setting `start`: must be a month and a day, such as 07-01\. Received: '02-30'$"),
        ({"supply_air_band_c": (25, 22)}, r"^`supply_air_band_c` must be two rising .* Received: \(25\.0, 22\.0\)$"),
        ({"step_minute": 5}, r"^unknown setting 'step_minute'; did you mean 'step_minutes'"),
    ],
)
def test_a_wrong_option_is_named_with_its_rule(values: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        PlantOptions(**values)


@pytest.mark.parametrize("value", [99, float("nan"), "32"])
def test_a_set_point_must_be_a_number_within_its_range(value: Any) -> None:
    with pytest.raises(InputError, match=rf"`zone_cooling_c` must be from 10\.0 to 45\.0 degC\. Received: {value!r}"):
        Action(zone_cooling_c=value)
