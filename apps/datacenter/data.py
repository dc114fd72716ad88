"""The app's default data: a month of a public plant, explored for eight days in each season."""

import os

from apps.datacenter.options import IngestOptions
from gristmill.data.known import Fetched

__all__ = ["default_sources"]

_DAYS = 8
"""Days a season."""


def default_sources(fetched: Fetched) -> tuple[dict[str, list[str]], IngestOptions]:
    """Sources and options of a month of `2zone-dx` in Chicago with Google's load; the plant is run where it was not yet.

    Args:
        fetched: The models and weather.
    """
    from importlib.metadata import version

    from apps.datacenter.control.weeks import explore_seasons
    from apps.datacenter.plant import PlantOptions, write_telemetry

    options = PlantOptions(model="2zone-dx", servers="flat")
    name = f"{options.model}-{options.weather}-{options.load}-{_DAYS}-days-{version('pyenergyplus-lbnl')}.parquet"
    path = fetched.folder.parent / "datacenter-telemetry" / name
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = path.with_suffix(f".part{os.getpid()}")
        write_telemetry(explore_seasons(options, _DAYS), made)
        made.rename(path)
    data = fetched.data
    info = {"name": "2zone-dx", "title": "a public plant, 2zone-dx in Chicago, explored for eight days in each season"}
    info |= {"licence": data.licence, "citation": data.citation, "source": fetched.source}
    return {"telemetry": [str(path)]}, IngestOptions(data_info=info)
