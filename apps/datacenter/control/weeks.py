"""Exploration in each season: a few days of each, as one table of telemetry with a site a season."""

from collections.abc import Callable

import pyarrow as pa

from apps.datacenter.control.explore import Explore
from apps.datacenter.plant import PlantOptions, run_plant
from apps.datacenter.plant.model import find_data_center, read_model
from apps.datacenter.plant.sources import model_file

__all__ = ["SEASONS", "explore_seasons", "steers_water"]

SEASONS = {"winter": "01-15", "spring": "05-10", "summer": "07-14", "autumn": "09-15"}
"""First day of each exploration."""


def explore_seasons(
    options: PlantOptions, days: int = 7, seed: int = 0, report: Callable[[int], None] = lambda steps: None
) -> pa.Table:
    """Explores a plant for some days in each season.

    Args:
        options: The plant; its start and days are not used.
        days: Days a season.
        seed: Of the set-points drawn.
        report: Called with steps that are done.

    Returns:
        Telemetry with a column `site`: the model's name and the season.
    """
    parts = []
    for number, (season, start) in enumerate(SEASONS.items()):
        explore = Explore(water=steers_water(options), outdoor=_takes_outdoor_air(options), seed=seed + number)
        table = run_plant(options.model_copy(update={"start": start, "days": days}), explore, report=report)
        site = pa.array([f"{options.model} {season}"] * table.num_rows)
        parts.append(table.add_column(0, pa.field("site", pa.string()), site))
    return pa.concat_tables(parts)


def steers_water(options: PlantOptions) -> bool:
    """Whether the coils of a plant are cooled by water of a temperature that can be set; in `2zone-dx` that loop idles."""
    model = read_model(model_file(options.model))
    return options.model != "2zone-dx" and find_data_center(model, options.model).chilled_water_node is not None


def _takes_outdoor_air(options: PlantOptions) -> bool:
    return bool(find_data_center(read_model(model_file(options.model)), options.model).outdoor_air)
