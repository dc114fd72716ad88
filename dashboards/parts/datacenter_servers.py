"""Servers on and off: the plan beside its peers on a load, computed when it is asked for."""

from typing import TYPE_CHECKING

import streamlit as st

from apps.datacenter.plant import read_load
from apps.datacenter.plant.sources import LOADS
from dashboards.parts.datacenter_charts import plan_lines
from dashboards.parts.messages import show_empty
from dashboards.parts.quality import Row
from gristmill.data.fetch import cache_folder

if TYPE_CHECKING:
    from apps.datacenter.servers import Comparison

__all__ = ["loads_here", "outcome_rows", "plan_rows", "run_comparison", "show_servers"]

_FORMS = {
    "IT energy (kWh)": st.column_config.NumberColumn(format="%,.0f"),
    "To all on (%)": st.column_config.NumberColumn(format="%+.1f"),
    "To the oracle (%)": st.column_config.NumberColumn(format="%+.1f"),
    "Wear (kWh)": st.column_config.NumberColumn(format="%.0f"),
    "Not met (% of time)": st.column_config.NumberColumn(format="%.3f"),
    "Work not served (%)": st.column_config.NumberColumn(format="%.4f"),
    "Switches a day": st.column_config.NumberColumn(format="%.0f"),
    "Servers on (mean)": st.column_config.NumberColumn(format="%.0f"),
}
_SERVERS = {"demand": "demand", "forecast": "forecast peak", "servers_on": "servers on", "servers_booting": "booting"}
_OF_FLEET = ("demand", "forecast")
"""Fractions of the fleet, shown as servers."""


@st.cache_resource(show_spinner=False, max_entries=4)
def run_comparison(load: str, servers: int) -> "Comparison":
    """All systems on a load."""
    from apps.datacenter.servers import Fleet, compare

    return compare(read_load(load), Fleet(servers=servers))


def loads_here() -> list[str]:
    """The named loads that are on this machine, so that the page fetches nothing."""
    return [name for name in sorted(LOADS, reverse=True) if (cache_folder() / name / "wheel" / f"{name}.csv").is_file()]


def outcome_rows(comparison: "Comparison") -> list[Row]:
    """A row a system, units in the names."""
    outcomes = {name: played.outcome for name, played in comparison.replays.items()}
    all_on, oracle = outcomes["all on"].energy_kwh, outcomes["oracle"].energy_kwh
    return [
        {
            "System": name,
            "IT energy (kWh)": outcome.energy_kwh,
            "To all on (%)": 100 * (outcome.energy_kwh / all_on - 1),
            "To the oracle (%)": 100 * (outcome.energy_kwh / oracle - 1),
            "Wear (kWh)": outcome.wear_kwh,
            "Not met (% of time)": 100 * outcome.unmet_share,
            "Work not served (%)": 100 * outcome.unserved_share,
            "Switches a day": outcome.switches_a_day,
            "Servers on (mean)": outcome.mean_on,
        }
        for name, outcome in outcomes.items()
    ]


def plan_rows(comparison: "Comparison", system: str, days: tuple[float, float]) -> list[Row]:
    """The series of a system's plan between two days, all as servers: demand and forecast as those fully used."""
    from apps.datacenter.servers import plan_table

    fleet = comparison.replays[system].fleet
    table = plan_table(comparison, system).to_pydict()
    return [
        {"name": title, "day": hours / 24, "value": value * (fleet.servers if name in _OF_FLEET else 1)}
        for name, title in _SERVERS.items()
        for hours, value in zip(table["hours"], table[name], strict=True)
        if days[0] <= hours / 24 <= days[1]
    ]


def show_servers() -> None:
    """The comparison on a chosen load, once it is asked for."""
    from apps.datacenter.servers import LIMIT, PLAN

    loads = loads_here()
    if not loads:
        show_empty(
            "No load of a cluster is on this machine yet. This brings one:", "gristmill plant run --load google2019"
        )
        return
    left, middle, right = st.columns(3)
    load = left.selectbox("Load", loads)
    servers = int(middle.number_input("Servers", 10, 100_000, 1000, 10))
    right.markdown("It learns, tunes, plans and judges: a minute or two.")
    if not right.toggle("Compare on this load", key=f"compare {load} {servers}"):
        st.info("Nothing is computed until you ask for it.")
        return
    with st.spinner(f"Comparing all systems on {load} …", show_time=True):
        comparison = run_comparison(load, servers)
    st.dataframe(outcome_rows(comparison), hide_index=True, column_config=_FORMS)
    st.caption(
        f"Demand may be not met in {LIMIT:.1%} of the time. All keep the same rules and are judged on days that none was "
        "tuned on, but for those in hindsight and the oracle, which knows the future."
    )
    names = list(comparison.replays)
    length = len(comparison.forecast) * comparison.replays[PLAN].fleet.step_hours / 24
    left, right = st.columns([1, 3])
    system = left.selectbox("Plan of", names, index=names.index(PLAN))
    days = right.slider("Days", 0.0, length, (0.0, min(2.0, length)), 0.5)
    chart = plan_lines(plan_rows(comparison, system, days), axis="servers", names=list(_SERVERS.values()))
    st.altair_chart(chart, width="stretch")
    use = comparison.replays[PLAN].fleet.most_use
    st.caption(f"Demand and forecast as servers in full use; servers on are to be used to {use:.0%} at most.")
