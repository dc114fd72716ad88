"""The best constant set-points: those of the least total energy that keep the same limits as any controller must."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from apps.datacenter.control.weeks import steers_water
from apps.datacenter.plant import Action, Constant, PlantOptions, run_plant
from apps.datacenter.plant.summary import Limits, Summary, summarise
from gristmill.errors import WorkError

__all__ = ["BestConstant", "best_constant"]

_START = {"zone_cooling_c": 36.0, "supply_air_c": 24.0, "chilled_water_c": 12.0}
_FIRST = {"zone_cooling_c": 4.0, "supply_air_c": 2.0, "chilled_water_c": 4.0}
"""First stride in each set-point, K."""
_LAST = {"zone_cooling_c": 1.0, "supply_air_c": 0.0625, "chilled_water_c": 1.0}
"""A stride below this is not tried."""

Point = tuple[float, ...]


@dataclass(frozen=True)
class BestConstant:
    """What the search found."""

    action: Action
    summary: Summary
    runs: int
    """Runs of the plant that it took."""


def best_constant(
    options: PlantOptions, humidity_share: float, limits: Limits | None = None, *, workers: int = 2
) -> BestConstant:
    """Searches zone set-point, supply air and, where there is a chiller, water temperature together.

    A pattern search (Hooke and Jeeves 1961): from a point that keeps the limits it tries a stride up and down in every
    set-point, goes to the best that keeps them, and halves the strides where none is better. It sees the whole run, so no
    constant that an operator could choose beforehand is better.

    Args:
        options: What to run.
        humidity_share: Most steps, as a share, in which humidity may be out of its limits: the share under default control.
        limits: What the air at the inlets must keep.
        workers: Runs at a time.

    Raises:
        WorkError: Not even the first point keeps the limits.
    """
    names = tuple(name for name in _START if steers_water(options) or name != "chilled_water_c")
    kept: dict[Point, Summary] = {}

    def run(point: Point) -> Summary:
        table = run_plant(options, Constant(Action(**dict(zip(names, point, strict=True)))))
        return summarise(table, limits)

    def cost(point: Point) -> float:
        found = kept[point]
        allowed = not found.inlet_steps_out and found.humidity_share_out <= humidity_share
        return found.total_mwh if allowed else float("inf")

    def see(points: Sequence[Point]) -> None:
        fresh = [point for point in dict.fromkeys(points) if point not in kept]
        with ThreadPoolExecutor(workers) as pool:
            kept.update(zip(fresh, pool.map(run, fresh), strict=True))

    best = _search(tuple(_START[name] for name in names), names, see, cost)
    if cost(best) == float("inf"):
        raise WorkError(f"no constant set-points keep the limits. The first tried, {best}, gave {kept[best]}")
    return BestConstant(Action(**dict(zip(names, best, strict=True))), kept[best], len(kept))


def _search(
    best: Point, names: Sequence[str], see: Callable[[Sequence[Point]], None], cost: Callable[[Point], float]
) -> Point:
    strides: Mapping[str, float] = _FIRST
    see([best])
    while any(strides[name] >= _LAST[name] for name in names):
        around = [
            (*best[:place], round(best[place] + sign * strides[name], 4), *best[place + 1 :])
            for place, name in enumerate(names)
            if strides[name] >= _LAST[name]
            for sign in (1, -1)
        ]
        see(around)
        better = min(around, key=cost)
        if cost(better) < cost(best):
            best = better
        else:
            strides = {name: stride / 2 for name, stride in strides.items()}
    return best
