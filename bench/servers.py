"""Machines on and off: a plan by forecast beside its peers and the oracle, on two traces; then with cooling in the plant."""

from pathlib import Path

from apps.datacenter.plant import Action, Constant, Controller, Default, PlantOptions, read_load, run_plant
from apps.datacenter.plant.summary import summarise
from apps.datacenter.servers import LIMIT, PLAN, Comparison, TrialOptions, compare, planned_options
from bench.inputs import Inputs
from bench.tables import note, show

__all__ = ["run"]

_COLUMNS = [
    "system",
    "IT kWh",
    "to all on",
    "to oracle",
    "wear kWh",
    "not met",
    "unserved work",
    "switches a day",
    "a server",
    "mean on",
]


def run(inputs: Inputs) -> None:
    """Prints a table a trace, and one of a month in the plant with and without the plan."""
    for load in map(read_load, ("azure2019", "google2019")):
        found = compare(load)
        _show(found)
    _show_plant(found, inputs.folder / "servers")


def _show(found: Comparison) -> None:
    outcomes = {name: played.outcome for name, played in found.replays.items()}
    servers = found.replays[PLAN].fleet.servers
    all_on, best = outcomes["all on"], outcomes["oracle"]
    rows = [
        [
            name,
            f"{outcome.energy_kwh:,.0f}",
            f"{outcome.energy_kwh / all_on.energy_kwh - 1:+.1%}",
            f"{outcome.energy_kwh / best.energy_kwh - 1:+.1%}",
            f"{outcome.wear_kwh:,.0f}",
            f"{outcome.unmet_share:.3%}",
            f"{outcome.unserved_share:.5%}",
            f"{outcome.switches_a_day:,.0f}",
            f"{outcome.switches_a_day / servers:.2f}",
            f"{outcome.mean_on:,.0f}",
        ]
        for name, outcome in outcomes.items()
    ]
    days = TrialOptions()
    known = days.learnt_days + days.tuned_days
    show(f"{found.load.name}, {servers:,} servers, days {known + 1} to {known + days.judged_days}", _COLUMNS, rows)
    note(f"not met: share of time; at most {LIMIT:.1%} is allowed, and settings were chosen to miss {days.aim:.2%}")


def _show_plant(found: Comparison, folder: Path) -> None:
    """July in Chicago; the judged days are played three times over."""
    base = PlantOptions(servers="flat", start="07-01", days=30, step_minutes=5, supply_air_band_c=(22, 25))
    controls: dict[str, Controller] = {
        "the model's own": Default(),
        "32 degrees": Constant(Action(zone_cooling_c=32.0)),
    }
    rows = []
    for control, controller in controls.items():
        before = None
        for name in ("all on", PLAN):
            options = planned_options(found.replays[name], base, folder / name.replace(" ", "-"))
            summary = summarise(run_plant(options, controller))
            before = before or summary
            rows.append(
                [
                    control,
                    name,
                    f"{summary.it_mwh:.2f} ({summary.it_mwh / before.it_mwh - 1:+.1%})",
                    f"{summary.cooling_mwh:.2f} ({summary.cooling_mwh / before.cooling_mwh - 1:+.1%})",
                    f"{summary.total_mwh:.2f} ({summary.total_mwh / before.total_mwh - 1:+.1%})",
                    f"{summary.pue:.3f}",
                ]
            )
    columns = ["control", "servers", "IT MWh", "cooling MWh", "total MWh", "PUE"]
    show("30 days of July, 2zone-dx, flat servers, Chicago, supply air 22 to 25", columns, rows)
