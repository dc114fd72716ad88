"""`gristmill plant`: a run with its summary and telemetry, what has a name, and bad input with exit status 2."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from apps.datacenter.plant import Action, Constant, PlantOptions, read_telemetry, run_plant
from apps.datacenter.plant.sources import MODELS, WEATHER, model_file, weather_file
from apps.datacenter.plant.summary import summarise
from gristmill.cli.main import main

pytest.importorskip("pyenergyplus", reason="there is no wheel of the simulator for this kind of machine")


@dataclass(frozen=True)
class Done:
    status: int
    out: str
    err: str


@pytest.fixture
def plant(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """`plant(*words)` runs `gristmill plant` in this process."""

    def run(*words: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["gristmill", "plant", *map(str, words)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        return Done(int(left.value.code or 0), *capfd.readouterr())

    return run


def test_a_run_tells_its_sum_and_writes_its_telemetry(plant: Callable[..., Done], tmp_path: Path) -> None:
    words = ["--days", "2", "--start", "07-01", "--servers", "flat", "--step-minutes", "30"]
    steered = ["--supply-air-band", "22:25", "--controller", "constant", "--set", "zone_cooling_c=32"]
    told = plant("run", *words, *steered, "--out", tmp_path / "two.parquet", "--json")
    assert told.status == 0, told.err
    assert "2zone-dx, chicago, constant: steps" in told.err
    values = json.loads(told.out)
    options = PlantOptions(days=2, start="07-01", servers="flat", step_minutes=30, supply_air_band_c=(22, 25))
    table = run_plant(options, Constant(Action(zone_cooling_c=32.0)))
    assert read_telemetry(tmp_path / "two.parquet").equals(table)
    assert values["steps"] == 96
    assert values["total_mwh"] == pytest.approx(table["total_power_kw"].to_numpy().sum() / 2000)
    assert values["options"]["supply_air_band_c"] == [22.0, 25.0]


def test_a_share_of_the_servers_can_be_off(plant: Callable[..., Done], tmp_path: Path) -> None:
    (tmp_path / "load.csv").write_text("load\n0.4\n")
    (tmp_path / "on.csv").write_text("servers_on\n0.5\n")
    files = {"load": str(tmp_path / "load.csv"), "servers_on": str(tmp_path / "on.csv")}
    told = plant("run", "--days", "1", "--load", files["load"], "--servers-on", files["servers_on"], "--json")
    expected = summarise(run_plant(PlantOptions(days=1, **files)))
    assert json.loads(told.out)["it_mwh"] == expected.it_mwh


def test_a_person_gets_a_table_with_units(plant: Callable[..., Done]) -> None:
    told = plant("run", "--days", "1", "--quiet")
    assert (told.status, told.err) == (0, "")
    lines = [" ".join(line.split()) for line in told.out.splitlines()]
    assert "steps 96" in lines
    for start, unit in (("total energy", "MWh"), ("PUE", "total / IT energy"), ("highest server inlet", "degrees")):
        assert any(line.startswith(start) and unit in line for line in lines), start


def test_what_has_a_name_is_listed(plant: Callable[..., Done]) -> None:
    told = json.loads(plant("list", "--json").out)
    assert set(told["models"]) == set(MODELS)
    assert set(told["weather"]) == set(WEATHER)
    assert {"constant", "default"} <= set(told["controllers"])
    assert "antananarivo" in plant("list").out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--model", "2zonedx"], "unknown model '2zonedx'; did you mean '2zone-dx'"),
        (["--weather", "chicagoo"], "unknown weather 'chicagoo'; did you mean 'chicago'"),
        (["--load", "google2018"], "unknown load 'google2018'; did you mean 'google2019'"),
        (["--controller", "constnat"], "unknown controller 'constnat'; did you mean 'constant'"),
        (["--controller", "constant"], "controller constant must have one or more of zone_cooling_c"),
        (
            ["--controller", "constant", "--set", "zone_coling_c=3"],
            "unknown setting 'zone_coling_c'; did you mean 'zone_",
        ),
        (["--controller", "constant", "--set", "zone_cooling_c=99"], "`zone_cooling_c` must be from 10.0 to 45.0 degC"),
        (["--controller", "constant", "--set", "zone_cooling_c=warm"], "setting `zone_cooling_c`: "),
        (["--set", "zone_cooling_c=32"], "unknown setting 'zone_cooling_c'"),
        (["--servers", "flatt"], "setting `servers`: Input should be 'stock' or 'flat'. Received: 'flatt'"),
        (["--days", "0"], "setting `days`: Input should be greater than or equal to 1. Received: 0"),
        (["--start", "13-01"], "setting `start`: must be a month and a day"),
        (["--supply-air-band", "22-25"], "`--supply-air-band` must be LOW:HIGH in degrees Celsius. Received: '22-25'"),
        (["--supply-air-band", "25:22"], "`supply_air_band_c` must be two rising temperatures from 5 to 40"),
        (["--out", "no/such/folder/x.parquet"], "`--out` must be a file in a folder that is there"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_option_is_named(plant: Callable[..., Done], words: list[str], message: str) -> None:
    told = plant("run", *words, "--quiet")
    assert told.status == 2
    assert told.err.startswith(f"error: {message}")


def a_weather_file_cut_in_half(path: Path) -> list[str]:
    whole = weather_file("chicago").read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return ["--weather"]


def a_weather_file_with_a_word(path: Path) -> list[str]:
    path.write_text(weather_file("chicago").read_text("latin-1").replace("-12.2,", "cold,", 1), "latin-1")
    return ["--weather"]


def a_model_without_a_data_centre(path: Path) -> list[str]:
    path.write_text('{"Version": {"Version 1": {"version_identifier": "25.2"}}, "Zone": {"Hall": {}}}')
    return ["--model"]


def a_model_that_is_no_json(path: Path) -> list[str]:
    path.write_bytes(model_file("2zone-dx").read_bytes()[:5000])
    return ["--model"]


def a_model_of_another_version(path: Path) -> list[str]:
    path.write_text("Version, 9.6;\n")
    return ["--model"]


def a_load_above_one(path: Path) -> list[str]:
    path.write_text("load\n0.5\n1.5\n")
    return ["--load"]


def a_load_without_its_column(path: Path) -> list[str]:
    path.write_text("power\n0.5\n")
    return ["--load"]


@pytest.mark.parametrize(
    ("write", "name", "message"),
    [
        (a_weather_file_cut_in_half, "x.epw", ", line 43"),
        (a_weather_file_with_a_word, "x.epw", ", line 9: field 7 of an hour must be a number. Received: 'cold'"),
        (a_model_without_a_data_centre, "x.epJSON", ": a model must have a data centre"),
        (a_model_that_is_no_json, "x.epJSON", ": a model must be epJSON. Received: "),
        (a_model_of_another_version, "x.idf", ": a model must be of version 25.1 or 25.2"),
        (a_load_above_one, "x.csv", ", row 2: a load must be from 0 to 1. Received: 1.5"),
        (a_load_without_its_column, "x.csv", ": a load must have a column `load`. Received: power"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_bad_file_is_named_with_its_fault(
    plant: Callable[..., Done], write: Callable[[Path], list[str]], name: str, message: str, tmp_path: Path
) -> None:
    words = write(tmp_path / name)
    told = plant("run", "--days", "1", *words, tmp_path / name, "--json")
    assert told.status == 2
    error = json.loads(told.out)["error"]
    assert error["kind"] == "InputError"
    assert error["message"].startswith(f"{tmp_path / name}{message}")
