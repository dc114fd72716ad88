"""Brings a plan into the plant: what servers do and how many run, as the files that a run of the plant reads."""

import csv
from pathlib import Path

from apps.datacenter.plant import PlantOptions
from apps.datacenter.servers.playing import Replay

__all__ = ["planned_options"]


def planned_options(played: Replay, options: PlantOptions, folder: Path) -> PlantOptions:
    """Writes a plan as files, and gives the options of a plant that runs it.

    A server that boots draws full power, so that it stands in both files as one that runs and is in full use: the plant's
    IT power is that of the replay, as a share of full power.

    Args:
        played: A plan and its demand, as played.
        options: The plant; `load`, `load_minutes` and `servers_on` are replaced.
        folder: Where `load.csv` and `servers_on.csv` are written; made where it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    booting = played.booting / played.fleet.servers
    columns = {"load": played.served + booting, "servers_on": played.on / played.fleet.servers + booting}
    for name, values in columns.items():
        with open(folder / f"{name}.csv", "w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([[name], *([value] for value in values.tolist())])
    return options.model_copy(
        update={name: str(folder / f"{name}.csv") for name in columns} | {"load_minutes": played.fleet.step_minutes}
    )
