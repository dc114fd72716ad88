"""The page of the data centre, over a made-up run of two days whose numbers are known by thought."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from apps.datacenter.plant import write_telemetry
from apps.datacenter.plant.controllers import ACTIONS
from apps.datacenter.plant.telemetry import telemetry_table
from dashboards.parts import datacenter_servers
from dashboards.parts.app_pages import load_page
from dashboards.parts.datacenter_day import power_rows, temperature_rows
from dashboards.parts.datacenter_glance import energy_rows
from dashboards.parts.datacenter_log import log_rows, rule_of
from dashboards.parts.datacenter_runs import column_title
from gristmill.runs import RunWriter

STEPS = 2 * 96
SECTIONS = ["Year at a glance", "A day's replay", "What if", "Safety log", "Servers on and off"]
METRICS = {
    "model": {
        "total_mwh": 90.0, "cooling_mwh": 8.0, "pue": 1.1, "inlet_steps_out": 3.0, "humidity_out_percent": 12.5,
        "inlet_mae_c": 0.2, "cooling_mae_kw": 0.5, "pue_mae_hour": 0.01,
    },
    "default": {
        "total_mwh": 100.0, "cooling_mwh": 16.0, "pue": 1.2, "inlet_steps_out": 0.0, "humidity_out_percent": 40.0,
    },
    "best_constant": {
        "total_mwh": 91.0, "cooling_mwh": 10.0, "pue": 1.11, "inlet_steps_out": 0.0, "humidity_out_percent": 20.0,
    },
    "persistence": {"inlet_mae_c": 0.4, "cooling_mae_kw": 1.5, "pue_mae_hour": 0.02},
}  # fmt: skip


def telemetry(cooling_kw: float) -> pa.Table:
    """Two days of 15 minutes: 80 kW of IT, 4 kW of fans, 1 kW of lights; supply air at 24 degrees is asked for."""
    columns = {
        "outdoor_c": ("degC", 10.0),
        "hall_temperature_c": ("degC", 35.0),
        "hall_cooling_setpoint_c": ("degC", 36.0),
        "rack_inlet_c": ("degC", 25.0),
        "rack_inlet_dew_point_c": ("degC", 9.0),
        "unit_node_setpoint_c": ("degC", 24.0),
        "unit_node_c": ("degC", 24.5),
        "chilled_water_setpoint_c": ("degC", 7.0),
        "unit_fan_flow_kg_s": ("kg/s", 3.0),
        "unit_outside_air_flow_kg_s": ("kg/s", 0.5),
        "it_power_kw": ("kW", 80.0),
        "fan_power_kw": ("kW", 4.0),
        "cooling_power_kw": ("kW", cooling_kw),
        "total_power_kw": ("kW", 81.0 + cooling_kw),
    }
    asked = {"supply_air_c": 24.0, "outdoor_air_kg_s": 1000.0}
    return telemetry_table(
        np.datetime64("1991-05-15T00:00:00") + np.arange(STEPS) * np.timedelta64(15, "m"),
        np.full(STEPS, 0.5),
        {name: np.full(STEPS, asked.get(name, np.nan)) for name in ACTIONS},
        {name: np.full(STEPS, value) for name, (_, value) in columns.items()},
        {name: unit for name, (unit, _) in columns.items()},
        {},
    )


def log_line(step: int) -> str:
    """The first step is cut, the second steered by rules, all others by advice as it was."""
    reasons = {0: ["`supply_air_c` cut from 26.00 to 25.50 by what was measured"], 1: ["no advice: it took 9.0 s"]}
    row = {
        "step": step,
        "time": f"1991-05-{15 + step // 96}T{step % 96 // 4:02}:{step % 4 * 15:02}:00",
        "mode": "act",
        "source": {0: "clipped advice", 1: "fallback"}.get(step, "advice"),
        "reasons": reasons.get(step, []),
        "set_supply_air_c": 25.5,
        "expected_cooling_kw": 5.0,
    }
    return json.dumps(row) + "\n"


@pytest.fixture
def make_loop(tmp_path: Path) -> Callable[..., Path]:
    """Returns a function that writes a run of the data centre, with a closed loop or without."""

    def make(name: str = "loop", *, loop: bool = True, metrics: Any = None, files: Any = None, **origin: Any) -> Path:
        out = tmp_path / "runs" / name
        with RunWriter(out) as run:
            config = {"app": "datacenter", "preset": "small", "seed": 0, "dataset": str(origin.get("dataset", ""))}
            run.write_json("config.json", config)
            dataset = {"name": "plant", "manifest_sha256": origin.get("sha256", "ab" * 32)}
            run.write_json("lineage.json", {"created": "2025-01-31T09:30:00Z", "dataset": dataset})
            if metrics is not None:
                run.write_json("metrics.json", {"test": metrics})
            if loop:
                folder = run.path / "evaluation" / "test"
                folder.mkdir(parents=True)
                for system, cooling in (("model", 8.0), ("default", 16.0), ("best_constant", 10.0)):
                    write_telemetry(telemetry(cooling), folder / f"{system}.parquet")
                (folder / "actions.jsonl").write_text("".join(map(log_line, range(STEPS))))
            for file, content in (files or {}).items():
                (run.path / file).write_bytes(content)
        return out

    return make


def open_page(section: str = SECTIONS[0]) -> AppTest:
    page = AppTest.from_string("from dashboards import datacenter\ndatacenter.page()", default_timeout=120)
    page.session_state["part"] = section
    page.run()
    assert not page.exception
    return page


def texts(page: AppTest) -> str:
    return "\n".join(item.value for item in [*page.markdown, *page.caption])


def test_the_page_is_where_the_app_says() -> None:
    from apps.datacenter import app

    assert app.page == "dashboards.datacenter:page"
    assert callable(load_page(app.page))


@pytest.mark.parametrize("section", SECTIONS[:4])
def test_without_runs_each_section_names_the_command(section: str) -> None:
    assert open_page(section).code[0].value == "gristmill run datacenter"


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_shows_without_an_error(make_loop: Callable[..., Path], section: str) -> None:
    make_loop(metrics=METRICS)
    page = open_page(section)
    assert [tab.label for tab in page.tabs] == SECTIONS
    assert not page.error


def test_the_glance_has_the_numbers_of_the_run(make_loop: Callable[..., Path]) -> None:
    make_loop(metrics=METRICS)
    page = open_page()
    cards = {card.label: card.value for card in page.metric}
    assert cards["Total energy (MWh)"] == "90.00"
    assert cards["PUE (total over IT)"] == "1.1000"
    assert cards["Inlets out (steps)"] == "3"
    assert cards["Humidity out (%)"] == "12.5"
    assert "**-10.0%** to default" in texts(page)
    assert "**-1.1%** to best constant" in texts(page)
    assert "**Total energy for the same computing work** is what counts" in texts(page)
    table = page.dataframe[0].value.set_index("System")
    assert list(table.index) == ["our model", "default", "best constant", "persistence"]
    assert table.loc["default", "Cooling (MWh)"] == 16.0
    assert table.loc["persistence", "Error of inlets (K)"] == 0.4
    assert "2 simulated days; `gristmill run datacenter --full` simulates a year" in texts(page)


def test_energy_is_power_times_time() -> None:
    rows = energy_rows({"model": telemetry(8.0)}, "total")
    assert [(row["span"], round(row["mwh"], 9)) for row in rows] == [("15 May", 2.136), ("16 May", 2.136)]


def test_a_long_run_is_summed_by_month() -> None:
    table = telemetry(8.0)
    times = np.datetime64("1991-01-31T23:00:00", "ms") + np.arange(STEPS) * np.timedelta64(12, "h")
    rows = energy_rows({"default": table.set_column(0, "time", pa.array(times))}, "cooling")
    assert [row["span"] for row in rows] == ["Jan", "Feb", "Mar", "Apr", "May"]
    assert rows[0]["mwh"] == pytest.approx(8.0 * 12 / 1000)


def test_the_replay_shows_a_day_on_charts_with_units(make_loop: Callable[..., Path]) -> None:
    make_loop(metrics=METRICS)
    page = open_page("A day's replay")
    assert "18 to 27 °C" in texts(page)
    assert "our model: 2.136 MWh on this day" in texts(page)
    assert "default: 2.328 MWh on this day" in texts(page)
    axes = {find_y_title(json.loads(chart.proto.spec)) for chart in page.get("vega_lite_chart")}
    assert axes == {"temperature (°C)", "set-point (°C)", "air flow (kg/s)", "power (kW)"}
    page.multiselect[0].set_value([]).run()
    assert "Choose one system" in page.info[0].value


def find_y_title(spec: dict[str, Any]) -> str:
    return str(spec.get("layer", [spec])[0]["encoding"]["y"]["title"])


def test_a_day_has_its_steps_its_kinds_and_what_was_asked_for() -> None:
    day = date(1991, 5, 16)
    charts = temperature_rows(telemetry(8.0), day)
    assert {row["kind"] for row in charts["measured"]} == {"server inlets", "rooms", "supply air", "outdoors"}
    points = {(row["kind"], row["how"], row["value"]) for row in charts["set_points"]}
    assert points == {("rooms", "in force", 36.0), ("supply air", "in force", 24.0), ("supply air", "asked for", 24.0)}
    assert {(row["kind"], row["value"]) for row in charts["flows"]} == {("fans", 3.0), ("outdoor air", 0.5)}
    last = charts["measured"][95]
    assert (last["hour"], last["time"]) == (23.75, "23:45")
    sums = {row["kind"]: row["value"] for row in power_rows(telemetry(8.0), day)}
    assert sums == {"IT": 80.0, "fans": 4.0, "other cooling": 4.0, "lights and other": 1.0}


def test_the_log_is_counted_and_filtered(make_loop: Callable[..., Path]) -> None:
    make_loop(metrics=METRICS)
    page = open_page("Safety log")
    assert "**192 steps**" in texts(page)
    page.multiselect[0].set_value(["clipped advice", "fallback"]).run()
    table = page.dataframe[0].value
    assert table["source"].tolist() == ["clipped advice", "fallback"]
    assert table["set supply air (°C)"].tolist() == [25.5, 25.5]
    assert "advised supply air (°C)" not in table
    page.multiselect[1].set_value(["no advice: it took … s"]).run()
    assert page.dataframe[0].value["reasons"].tolist() == ["no advice: it took 9.0 s"]
    assert "1 of 192 steps fit" in texts(page)


def test_the_log_can_be_read_by_day(tmp_path: Path) -> None:
    from apps.datacenter.safety import read_log

    path = tmp_path / "actions.jsonl"
    path.write_text("".join(map(log_line, range(STEPS))))
    rows, count = log_rows(read_log(path), ["advice"], [], date(1991, 5, 15), 10)
    assert (len(rows), count) == (10, 94)


@pytest.mark.parametrize(
    ("column", "title"),
    [
        ("action_zone_cooling_c", "zone cooling (°C)"),
        ("set_fan_flow_kg_s", "set fan flow (kg/s)"),
        ("total_power_kw", "total power (kW)"),
        ("rack_inlet_humidity_percent", "rack inlet humidity (%)"),
        ("pue", "PUE (total over IT)"),
        ("reasons", "reasons"),
    ],
)
def test_columns_are_called_with_their_units(column: str, title: str) -> None:
    assert column_title(column) == title


def test_reasons_are_the_same_but_for_their_numbers() -> None:
    assert rule_of("`supply_air_c` cut from 26.00 to 25.50 by the guard") == rule_of(
        "`supply_air_c` cut from 7 to -1.5 by the guard"
    )
    assert rule_of("uncertain: power to 30%, more than 20%") == "uncertain: power to …, more than …"


@pytest.mark.parametrize("section", ["Year at a glance", "A day's replay", "Safety log"])
def test_a_run_that_was_not_judged_names_the_command(make_loop: Callable[..., Path], section: str) -> None:
    path = make_loop(loop=False, files={"policy.keras": b""})
    assert open_page(section).code[0].value == f"gristmill evaluate {path}"


def test_a_run_without_a_plant_or_a_predictor_names_the_commands(make_loop: Callable[..., Path]) -> None:
    make_loop(loop=False, metrics={"model": {"pue_mae_hour": 0.01}})
    assert open_page().code[0].value == "gristmill run datacenter"
    page = open_page("What if")
    assert "no predictor" in page.info[0].value
    assert page.code[0].value.startswith("gristmill train datacenter --dataset")


def test_a_run_with_a_closed_loop_is_shown_first(make_loop: Callable[..., Path]) -> None:
    make_loop("a-bare", loop=False)
    make_loop("b-loop", metrics=METRICS)
    make_loop("c-bare", loop=False)
    assert open_page().selectbox[0].value == "b-loop"


def test_without_its_dataset_what_if_says_so(make_loop: Callable[..., Path]) -> None:
    make_loop(files={"predict.keras": b""})
    assert "dataset of the run loop is neither at" in open_page("What if").error[0].value


def test_what_if_asks_the_predictor(make_loop: Callable[..., Path], tmp_path: Path) -> None:
    from apps.datacenter.config import PredictConfig
    from apps.datacenter.options import IngestOptions
    from apps.datacenter.plan import make_plan
    from apps.datacenter.predict import layout_of, load_predictor, series_of_dataset, train_predictor, windows_of
    from gristmill.data.dataset import Dataset
    from pipelines.ingest import ingest

    steps = np.arange(600)
    rng = np.random.default_rng(0)
    supply, it = rng.uniform(18, 25, 150).repeat(4), 80 + 5 * np.sin(steps / 15) + rng.normal(0, 0.2, 600)
    columns = {
        "time": np.datetime64("2024-01-01T00:00:00", "ms") + steps * np.timedelta64(15, "m"),
        "action_supply_air_c": supply,
        "outdoor_c": 10 + rng.normal(0, 3, 600).cumsum() / 10,
        "it_power_kw": it,
        "total_power_kw": it + 40 - supply,
    }
    write_telemetry(pa.table(columns), tmp_path / "made.parquet")
    folder = tmp_path / "datasets" / "plant"
    ingest(make_plan({"telemetry": [str(tmp_path / "made.parquet")]}, IngestOptions()), folder)
    config = PredictConfig(window=6, members=1, width=16, demand_width=8, epochs=20, trees=40, leaves=8)
    series = series_of_dataset(Dataset.open(folder))
    layout = layout_of(series, config)
    windows = windows_of(series, layout, 0), windows_of(series, layout, 1)
    train_predictor(layout, windows, config, 0).save(tmp_path / "predict.keras")
    files = {"predict.keras": (tmp_path / "predict.keras").read_bytes()}
    make_loop(dataset=folder, sha256=Dataset.open(folder).manifest_sha256, files=files, loop=False)

    page = open_page("What if")
    assert not page.error
    slider = page.slider[0]
    assert slider.label == "supply air (°C)"
    assert (slider.min, slider.max) == (round(float(supply[:420].min()), 2), round(float(supply[:420].max()), 2))
    before = texts(page)
    slider.set_value(slider.max).run()
    assert not page.exception and texts(page) != before
    window = windows_of(series, layout, 2)
    days = series.seconds[window.first] // 86400
    place = int((days == days[0]).sum()) // 2
    inputs = window.inputs(slice(place, place + 1))
    inputs["planned"][:] = slider.max
    expected = load_predictor(tmp_path / "predict.keras")(inputs)["pue"].numpy()[0]
    assert f"60 minutes ahead: **{expected[1, 1]:.4f}** ({expected[1, 0]:.4f} to {expected[1, 2]:.4f})" in texts(page)
    titles = [find_y_title(json.loads(chart.proto.spec)) for chart in page.get("vega_lite_chart")]
    assert titles[:2] == ["PUE (total over IT)", "total power (kW)"]


def test_servers_are_compared_only_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.datacenter.plant import LoadSeries
    from apps.datacenter.servers import LIMIT, Comparison, Fleet, Static, replay

    asked: list[tuple[str, int]] = []
    fleet, demand = Fleet(servers=10), np.full(2 * 288, 0.4)

    def made(load: str, servers: int) -> Comparison:
        asked.append((load, servers))
        played = {"all on": Static(10), "planned": Static(6), "oracle": Static(5)}
        replays = {name: replay(fleet, demand, policy) for name, policy in played.items()}
        return Comparison(LoadSeries(load, (0.4,), 5), 0, demand, replays)

    monkeypatch.setattr(datacenter_servers, "run_comparison", made)
    monkeypatch.setattr(datacenter_servers, "loads_here", lambda: ["google2019"])
    page = open_page("Servers on and off")
    assert not asked and "until you ask for it" in page.info[0].value
    page.toggle[0].set_value(True).run()
    assert not page.exception and asked == [("google2019", 1000)]
    table = page.dataframe[0].value.set_index("System")
    on = {name: 0.4 * (0.3 * count + 0.7 * 4) * 48 for name, count in (("all on", 10), ("planned", 6))}
    assert table.loc["planned", "IT energy (kWh)"] == pytest.approx(on["planned"], rel=0.01)
    assert table.loc["planned", "To all on (%)"] == pytest.approx(100 * (on["planned"] / on["all on"] - 1), abs=1)
    assert f"{LIMIT:.1%}" in texts(page)


def test_without_a_load_on_this_machine_servers_name_the_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(datacenter_servers, "cache_folder", lambda: tmp_path)
    assert open_page("Servers on and off").code[0].value == "gristmill plant run --load google2019"
