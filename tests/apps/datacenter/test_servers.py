"""Machines on and off: boots take their time, wear and misses are counted, and no decision knows what comes after it."""

import itertools
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.datacenter.plant import LoadSeries, PlantOptions, read_load, run_plant
from apps.datacenter.plant.load import read_servers_on
from apps.datacenter.servers import (
    PLAN,
    Fleet,
    Follow,
    ForecastOptions,
    Planner,
    RecentPeak,
    Static,
    Threshold,
    TrialOptions,
    compare,
    oracle,
    plan_table,
    planned_options,
    replay,
    rolling_forecast,
)
from apps.datacenter.servers.forecast import features, window_peaks
from apps.datacenter.servers.tuning import tuned_planner, tuned_recent_peak, tuned_static, tuned_threshold
from gristmill.errors import InputError

Floats = npt.NDArray[np.float64]
SMALL = Fleet(servers=10, full_power_w=1000, most_use=1.0, boot_minutes=10, least_on_minutes=15, wear_idle_hours=2.0)
QUICK = ForecastOptions(trees=5, forests=1)


@dataclass
class Remembers:
    """Wants all servers, and keeps what it was told."""

    told: list[tuple[int, bool]] = field(default_factory=list)

    def want(self, seen: Floats, missed: bool) -> int:
        self.told.append((len(seen), missed))
        return 4


def wanted(*counts: int) -> Follow:
    return Follow(np.array(counts))


def waves(days: int, seed: int = 0) -> Floats:
    """A day's wave with noise, every 30 minutes."""
    steps = np.arange(days * 48)
    noise = np.random.default_rng(seed).normal(0, 0.02, len(steps))
    return np.clip(0.4 + 0.2 * np.sin(2 * np.pi * steps / 48) + noise, 0.01, 0.75)


def test_all_on_draws_idle_power_and_the_work() -> None:
    demand = waves(2)
    fleet = Fleet(step_minutes=30)
    outcome = replay(fleet, demand, Static(1000)).outcome
    assert outcome.energy_kwh == pytest.approx(400 * (0.3 + 0.7 * demand.mean()) * 48)
    assert (outcome.wear_kwh, outcome.unmet_share, outcome.switches_a_day) == (0, 0, 0)


def test_an_ordered_server_computes_after_its_boot_and_draws_full_power_until_then() -> None:
    played = replay(SMALL, np.zeros(6), wanted(2, 5, 5, 5, 5, 5))
    assert played.on.tolist() == [2, 2, 2, 5, 5, 5]  # ordered in step 1, two steps of boot
    assert played.booting.tolist() == [0, 3, 3, 0, 0, 0]
    np.testing.assert_allclose(played.power_kw, [0.6, 3.6, 3.6, 1.5, 1.5, 1.5])
    assert Fleet(boot_minutes=6).boot_steps == 2


def test_a_boot_is_not_called_off_and_what_came_on_stays_for_its_least_time() -> None:
    played = replay(SMALL, np.zeros(8), wanted(2, 5, 0, 0, 0, 0, 0, 0))
    assert played.on.tolist() == [2, 2, 0, 3, 3, 3, 0, 0]  # three came on in step 3, and stay for 15 minutes
    assert played.stopped.tolist() == [8, 0, 2, 0, 0, 0, 3, 0]


def test_nothing_is_switched_off_while_what_replaces_it_boots() -> None:
    played = replay(SMALL, np.zeros(5), wanted(2, 5, 1, 4, 4))
    assert played.on.tolist() == [2, 2, 1, 4, 4]
    assert replay(SMALL, np.zeros(5), wanted(2, 5, 4, 4, 4)).on.tolist() == [2, 2, 2, 4, 4]


def test_wear_and_switches_are_counted() -> None:
    outcome = replay(SMALL, np.zeros(288), wanted(2, 5, *[5] * 286)).outcome
    assert outcome.switches_a_day == 8 + 3
    assert outcome.wear_kwh == pytest.approx(3 * 2.0 * 0.3)  # three starts, two hours of an idle server each
    assert outcome.cost_kwh == outcome.energy_kwh + outcome.wear_kwh


def test_demand_beyond_what_the_servers_may_take_is_unmet_and_its_work_unserved() -> None:
    fleet = SMALL.model_copy(update={"most_use": 0.8})
    played = replay(fleet, np.array([0.4, 0.4, 0.41, 0.2]), Static(5))
    assert played.unmet.tolist() == [False, False, True, False]  # 5 servers take 4 of 10
    assert played.outcome.unmet_share == 0.25
    assert played.outcome.unserved_share == pytest.approx(0.01 / 1.41)
    assert fleet.needed([0.4, 0.41, 0.0, 1.0]).tolist() == [5, 6, 0, 10]


def test_a_policy_sees_what_came_before_and_whether_it_was_missed() -> None:
    policy = Remembers()
    replay(SMALL, np.array([0.1, 0.5, 0.3, 0.5]), policy, first=1)
    assert policy.told == [(1, False), (2, True), (3, False)]


def test_wrong_calls_are_named() -> None:
    with pytest.raises(InputError, match=r"`first` must be a step of the demand, from 0 to 1\. Received: 2"):
        replay(SMALL, np.zeros(2), Static(1), first=2)
    with pytest.raises(InputError, match=r"must want 0 servers or more\. Received: -1 at step 0"):
        replay(SMALL, np.zeros(2), Static(-1))
    with pytest.raises(InputError, match=r"`first_day` must be from 2 to the demand's last day, 1\. Received: 2"):
        rolling_forecast(waves(2), Fleet(step_minutes=30), 2)
    with pytest.raises(InputError, match="boot_minutes"):
        Fleet(boot_minutes=0)
    with pytest.raises(InputError, match=r"made: a load to compare on must have 8064 steps or more\. Received: 288"):
        compare(LoadSeries("made", (0.5,) * 288, 5))


demands = st.lists(st.floats(0, 1), min_size=1, max_size=5).map(np.array)


@settings(max_examples=25, deadline=None)
@given(demands, st.data())
def test_no_plan_that_meets_all_demand_is_cheaper_than_the_oracle(demand: Floats, data: st.DataObject) -> None:
    best = replay(SMALL, demand, oracle(SMALL, demand))
    assert not best.unmet.any()
    needed = SMALL.needed(demand)
    ahead = [int(needed[step : step + SMALL.boot_steps + 1].max()) for step in range(len(demand))]
    any_plan = replay(SMALL, demand, wanted(*(data.draw(st.integers(count, 10)) for count in ahead)))
    assert not any_plan.unmet.any()
    assert best.outcome.cost_kwh <= any_plan.outcome.cost_kwh + 1e-9


@settings(max_examples=10, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=6, max_size=6).map(np.array))
def test_the_oracle_is_the_best_of_all_plans(demand: Floats) -> None:
    fleet = SMALL.model_copy(update={"servers": 2, "boot_minutes": 5, "least_on_minutes": 10, "wear_idle_hours": 0.01})
    plans = (replay(fleet, demand, wanted(*counts)) for counts in itertools.product(range(3), repeat=6))
    least = min(plan.outcome.cost_kwh for plan in plans if not plan.unmet.any())
    assert replay(fleet, demand, oracle(fleet, demand)).outcome.cost_kwh == pytest.approx(least)


def test_the_oracle_boots_before_a_peak_and_bridges_a_short_lull() -> None:
    demand = np.array([0.5] * 4 + [0.1] * 2 + [0.5] * 4 + [0.1] * 200 + [0.9])
    on = replay(SMALL, demand, oracle(SMALL, demand)).on
    assert on[:10].tolist() == [5] * 10
    assert on[10] == 1
    assert on[-1] == 9


def test_what_comes_later_changes_no_row_and_no_forecast_before_it() -> None:
    fleet, demand = Fleet(step_minutes=30), waves(5)
    changed = demand.copy()
    changed[200:] = 0.9
    np.testing.assert_array_equal(features(demand, fleet)[0][:201], features(changed, fleet)[0][:201])
    before, after = (rolling_forecast(series, fleet, 3, QUICK) for series in (demand, changed))
    np.testing.assert_array_equal(before[:201], after[:201])
    assert not np.array_equal(before[201:], after[201:])


def test_what_comes_later_changes_no_decision_before_it() -> None:
    fleet, demand = Fleet(step_minutes=30), waves(5)
    changed = demand.copy()
    changed[200:] = 0.7
    played = []
    for series in (demand, changed):
        forecast = rolling_forecast(series, fleet, 3, QUICK)
        policies = (
            Planner(fleet, forecast, 0.05, hold=3, rate=0.01, aim=0.001),
            Threshold(fleet, 0.6, 0.65, 0.5, patience=2),
            RecentPeak(fleet, 6, 0.05),
        )
        played.append([replay(fleet, series, policy, 3 * 48) for policy in policies])
    for before, after in zip(*played, strict=True):
        np.testing.assert_array_equal(before.on[: 200 - 144 + 1], after.on[: 200 - 144 + 1])


def test_an_order_is_for_the_peak_from_the_boot_until_the_least_time_on() -> None:
    np.testing.assert_allclose(window_peaks(np.arange(7) / 10, SMALL), [0.4, 0.5, 0.6])  # two steps, then three


def test_the_headroom_rises_after_a_miss_and_sinks_slowly() -> None:
    planner = Planner(SMALL, np.full(9, 0.3), 0.0, hold=1, rate=0.1, aim=0.01)
    assert planner.want(np.zeros(0), False) == 3
    assert planner.headroom == pytest.approx(-0.001)
    assert planner.want(np.zeros(1), True) == 4
    assert planner.headroom == pytest.approx(-0.001 + 0.1 - 0.001)
    assert planner.again().headroom == planner.headroom


def test_the_planner_keeps_what_a_forecast_within_the_hold_asked_for() -> None:
    planner = Planner(SMALL, np.array([0.3, 0.8, 0.3, 0.3, 0.3]), 0.0, hold=3, rate=0.0, aim=0.0)
    assert [planner.want(np.zeros(step), False) for step in range(5)] == [3, 8, 8, 8, 3]


def test_thresholds_react_outside_their_band_alone() -> None:
    policy = Threshold(SMALL, aim=0.5, high=0.6, low=0.4, patience=2)
    seen = np.array([0.3, 0.3, 0.3, 0.35, 0.4])
    assert [policy.want(seen[:step], False) for step in range(6)] == [10, 10, 6, 6, 6, 8]


def test_the_recent_peak_and_its_margin_are_covered() -> None:
    policy = RecentPeak(SMALL, window=2, margin=0.1)
    seen = np.array([0.6, 0.2, 0.3])
    assert [policy.want(seen[:step], False) for step in range(4)] == [10, 7, 7, 4]


def test_a_plan_in_the_plants_files_draws_what_its_replay_drew(tmp_path: Path) -> None:
    played = replay(SMALL, np.array([0.2, 0.2, 0.2, 0.5]), wanted(2, 5, 5, 5))
    options = planned_options(played, PlantOptions(servers="flat"), tmp_path / "plan")
    load = read_load(options.load, options.load_minutes)
    assert load.minutes == 5
    assert options.servers_on is not None
    on = read_servers_on(options.servers_on, load)
    share = 0.3 * np.array(on.values) + 0.7 * np.array(load.values)
    np.testing.assert_allclose(share, played.power_kw / (10 * 1.0))


def test_settings_are_the_cheapest_that_keep_the_aim() -> None:
    demand = np.array([0.5] * 8 + [0.7, 0.6])
    assert tuned_static(SMALL, demand, 0.1)() == Static(6)
    assert tuned_static(SMALL, demand, 0.0)() == Static(7)
    tuned = tuned_recent_peak(SMALL, demand, 0.0)()
    assert isinstance(tuned, RecentPeak)
    assert not replay(SMALL, demand, tuned).unmet.any()
    less = RecentPeak(SMALL, tuned.window, tuned.margin - 0.002)
    assert replay(SMALL, demand, less).unmet.any()


def test_all_servers_stay_on_where_even_they_miss_more_than_is_aimed_at() -> None:
    demand = np.full(20, 0.9)
    fleet = SMALL.model_copy(update={"most_use": 0.8})
    for make in (
        tuned_static(fleet, demand, 0.1),
        tuned_threshold(fleet, demand, 0.1),
        tuned_recent_peak(fleet, demand, 0.1),
        tuned_planner(fleet, demand, demand, 0.1, 0),
    ):
        assert make() == Static(10)


def test_a_comparison_plays_all_systems_on_the_same_days() -> None:
    load = LoadSeries("made", tuple(waves(8)), 30)
    options = TrialOptions(learnt_days=3, tuned_days=3, judged_days=2, forecast=QUICK)
    found = compare(load, Fleet(step_minutes=30), options)
    outcomes = {name: played.outcome for name, played in found.replays.items()}
    assert all(np.array_equal(played.demand, load.values[6 * 48 :]) for played in found.replays.values())
    assert outcomes["oracle"].cost_kwh == min(o.cost_kwh for o in outcomes.values() if o.unmet_share == 0)
    assert outcomes["all on"].energy_kwh == max(outcome.energy_kwh for outcome in outcomes.values())
    table = plan_table(found)
    assert table.column_names == ["hours", "demand", "forecast", "servers_on", "servers_booting", "unmet"]
    assert table.num_rows == 96
    assert table["servers_on"].to_pylist() == found.replays[PLAN].on.tolist()


def test_azure_has_28_days_sized_by_the_first_18() -> None:
    load = read_load("azure2019")
    assert (len(load.values), load.minutes) == (28 * 288, 5)
    assert max(load.values[: 18 * 288]) == pytest.approx(0.7)


def test_a_share_of_the_plants_servers_draws_that_share_of_what_all_draw_at_the_same_use(tmp_path: Path) -> None:
    pytest.importorskip("pyenergyplus", reason="there is no wheel of the simulator for this kind of machine")
    for name, rows in {"load": "0.4 0.2 0.1 0.3", "use": "0.8 0.25 0.1 1", "servers_on": "0.5 0.8 1 0.3"}.items():
        column = "servers_on" if name == "servers_on" else "load"
        (tmp_path / f"{name}.csv").write_text("\n".join([column, *rows.split()]))
    options = PlantOptions(load=str(tmp_path / "load.csv"), servers="flat", days=1)
    planned = run_plant(options.model_copy(update={"servers_on": str(tmp_path / "servers_on.csv")}))
    all_on = run_plant(options.model_copy(update={"load": str(tmp_path / "use.csv")}))
    share = np.tile([0.5, 0.8, 1.0, 0.3], 24)
    np.testing.assert_allclose(planned["it_power_kw"], share * all_on["it_power_kw"].to_numpy(), rtol=1e-9)
    np.testing.assert_allclose(planned["it_load"].to_numpy()[:4], [0.4, 0.2, 0.1, 0.3])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("on\n1\n1\n", r"on\.csv: a plan must have a column `servers_on`\. Received: on"),
        ("servers_on\n1\n", r"on\.csv: a plan must have as many rows as made, 2\. Received: 1"),
        (
            "servers_on\n1\n0.4\n",
            r"on\.csv, row 2: some servers must run, and enough for the load, 0\.5\. Received: 0\.4",
        ),
    ],
)
def test_a_plan_that_does_not_fit_the_load_is_named(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "on.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        read_servers_on(str(tmp_path / "on.csv"), LoadSeries("made", (0.5, 0.5), 5))


def test_a_plan_that_is_not_there_is_named() -> None:
    with pytest.raises(
        InputError, match=r"`servers_on` must be a CSV file\. Received: 'none\.csv', which is not there"
    ):
        read_servers_on("none.csv", LoadSeries("made", (0.5,), 5))
