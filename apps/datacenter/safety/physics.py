"""How far set-points may go by what was measured and simple physics, with no learned model: a second opinion.

```
inlet  =  supply air  +  share x (room - supply air)   (recirculation)    the share is measured, and may grow in a step
mixed  =  (outdoor flow x outdoor temperature + rest x room) / fan flow   outdoors may get colder in a step
room   =  supply air  +  heat of the servers / fan flow                   slower fans, warmer rooms
```
"""

from collections.abc import Mapping

from apps.datacenter.control.layout import Layout, finite
from apps.datacenter.plant import ACTIONS
from apps.datacenter.safety.sensors import OUTDOOR
from apps.datacenter.safety.settings import GuardSettings, Ranges

__all__ = ["safe_ranges"]

_LEAST_GAIN_C = 0.3


def safe_ranges(last: Mapping[str, float], before: Mapping[str, float], layout: Layout, rules: GuardSettings) -> Ranges:
    """Lowest and highest safe value by field of `Action`; a field about which nothing is known is left out.

    Outdoor air with a highest value of 0 is not to be steered at all: the plant's own mixing is better.

    Args:
        last: What was measured in the last step and is believed.
        before: The same of the step before it, whose supply air the last inlets took in.
        layout: What the columns are.
        rules: The guard's settings.
    """
    return _supply(last, before, layout, rules) | _fans(last, layout, rules) | _outdoor(last, layout, rules)


def _supply(last: Mapping[str, float], before: Mapping[str, float], layout: Layout, rules: GuardSettings) -> Ranges:
    inlets = finite(last, layout.inlets)
    supply = finite(before, layout.supply) or finite(last, layout.supply)
    if not inlets or not supply:
        return {}
    gain = max(max(inlets) - max(supply), _LEAST_GAIN_C)
    low, high = rules.inlet_c
    warmest = high - rules.margin_c - rules.growth * gain
    rooms = finite(last, layout.rooms)
    if rooms and max(rooms) > high:  # warmer supply air gains less on its way
        share = min(rules.growth * gain / max(max(rooms) - max(supply), 1.0), 0.5)
        warmest = (high - rules.margin_c - share * max(rooms)) / (1.0 - share)
    return {"supply_air_c": (low, max(warmest, low))}


def _fans(last: Mapping[str, float], layout: Layout, rules: GuardSettings) -> Ranges:
    rooms, supply, flows = finite(last, layout.rooms), finite(last, layout.supply), _flows(last, layout)
    if not rooms or not supply or not flows or max(supply) >= rules.room_c:
        return {}
    slowest = max(flows) * (max(rooms) - min(supply)) / (rules.room_c - min(supply))
    return {"fan_flow_kg_s": (max(slowest, 0.0), ACTIONS["fan_flow_kg_s"][2])}


def _outdoor(last: Mapping[str, float], layout: Layout, rules: GuardSettings) -> Ranges:
    rooms, outdoor, flows = finite(last, layout.rooms), finite(last, OUTDOOR), _flows(last, layout)
    none = {"outdoor_air_kg_s": (0.0, 0.0)}
    if not rooms or not flows or len(outdoor) < 2:
        return none
    air, dew_point = outdoor
    room, coldest = min(rooms), rules.inlet_c[0]
    if not coldest <= air <= room or dew_point > rules.outdoor_dew_point_c:
        return none
    fallen = air - rules.outdoor_fall_c
    if fallen >= coldest:
        return {}  # outdoor air alone is warm enough, whatever the flow
    share = (room - coldest) / (room - fallen)
    return {"outdoor_air_kg_s": (0.0, max(share, 0.0) * min(flows))}


def _flows(last: Mapping[str, float], layout: Layout) -> list[float]:
    return finite(last, dict(layout.shown).get("fan_flow_kg_s", ()))
