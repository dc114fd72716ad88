"""Faults injected into the real plant: the guarded controller causes no violation, whatever the advisor wants."""

from pathlib import Path

import numpy as np
import pytest

from apps.datacenter.control.layout import Layout, read_layout
from apps.datacenter.control.rules import Reactive
from apps.datacenter.plant import PlantOptions, run_plant
from apps.datacenter.plant.summary import summarise
from apps.datacenter.safety import Guarded, GuardSettings
from apps.datacenter.safety.faults import KINDS, Fault, draw_faults
from apps.datacenter.safety.inject import caused, inject
from apps.datacenter.safety.plant_faults import faulty_plant
from apps.datacenter.safety.trial import RuleAdvisor, WorstAdvisor

pytest.importorskip("pyenergyplus", reason="there is no wheel of the simulator for this kind of machine")

OPTIONS = PlantOptions(servers="flat", days=2)
SETTINGS = GuardSettings(seconds=1.0)


@pytest.fixture(scope="module")
def layout() -> Layout:
    return read_layout(OPTIONS)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault("sensor-drift", "07-12", 100, 40, -5.0), "colder than all supply air"),
        (Fault("fan", "07-12", 120, 30, 1.5), "cut from"),
        (Fault("advisor-killed", "06-23", 110, 10), "process has died"),
        (Fault("advisor-nonsense", "10-09", 100, 40), "the advisor gave no advice"),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else "",
)
def test_a_fault_makes_the_guarded_controller_cause_nothing(
    layout: Layout, tmp_path: Path, fault: Fault, reason: str
) -> None:
    outcome = inject(fault, RuleAdvisor(Reactive(layout)), layout, OPTIONS, tmp_path, SETTINGS)
    assert outcome.caused_steps == 0
    assert outcome.log.num_rows == outcome.guarded.num_rows == 192
    during = outcome.log.slice(fault.first, fault.steps)["reasons"].to_pylist()
    assert any(reason in said for row in during for said in row)
    assert outcome.log["source"][fault.first - 1].as_py() in ("advice", "clipped advice")


@pytest.mark.parametrize(("start", "turn_steps"), [("01-14", 48), ("07-12", 8)])
def test_an_advisor_that_wants_the_worst_does_no_harm(layout: Layout, start: str, turn_steps: int) -> None:
    options = OPTIONS.model_copy(update={"start": start})
    guard = Guarded(WorstAdvisor(layout.steers, turn_steps), Reactive(layout), layout)
    assert summarise(run_plant(options, guard)).inlet_steps_out == 0


@pytest.mark.slow
def test_one_fault_of_every_kind(layout: Layout, tmp_path: Path) -> None:
    for number, fault in enumerate(draw_faults(len(KINDS), 1)):
        outcome = inject(fault, RuleAdvisor(Reactive(layout)), layout, OPTIONS, tmp_path / str(number), SETTINGS)
        assert outcome.caused_steps == 0, fault


@pytest.mark.parametrize(
    ("kind", "size", "column", "differs"),
    [
        ("coil", 0.0, "east_air_loop_outlet_node_c", 1.0),
        ("fan", 1.5, "east_zone_supply_fan_outlet_node_flow_kg_s", 5.0),
        ("weather-up", 8.0, "outdoor_c", 7.9),
        ("weather-down", 8.0, "outdoor_c", 7.9),
        ("load", 0.0, "it_load", 0.4),
    ],
)
def test_a_plant_has_its_fault_while_it_lasts(
    tmp_path: Path, kind: str, size: float, column: str, differs: float
) -> None:
    fault = Fault(kind, "07-12", 110, 32, size)
    options = OPTIONS.model_copy(update={"start": fault.start})
    sound, broken = (run_plant(each)[column].to_numpy() for each in (options, faulty_plant(options, fault, tmp_path)))
    difference = np.abs(sound - broken)
    assert difference[:107].max() < 1e-3, "weather moves towards its next hour"
    assert difference[114:140].max() > differs


def test_a_violation_is_caused_where_there_is_none_within_an_hour_under_local_control() -> None:
    guarded, local = np.zeros(12, bool), np.zeros(12, bool)
    guarded[[0, 5, 11]] = True
    local[1] = True
    assert caused(guarded, local).nonzero()[0].tolist() == [11]


def test_drawn_faults_are_of_every_kind_and_the_same_again() -> None:
    faults = draw_faults(50, 0)
    assert {fault.kind for fault in faults} == set(KINDS)
    assert faults == draw_faults(50, 0) != draw_faults(50, 1)
    assert len({fault.start for fault in faults}) == 6
