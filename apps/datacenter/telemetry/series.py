"""A dataset of telemetry read back: as a series in the order of time, with its report."""

from typing import Any

import pyarrow as pa

from apps.datacenter.telemetry.report import REPORT
from gristmill.data.dataset import Dataset
from gristmill.errors import InputError
from gristmill.files import read_json

__all__ = ["read_report", "read_series"]


def read_series(dataset: Dataset, *splits: str) -> pa.Table:
    """The steps of one or more splits, by site and then by time.

    Steps of one `segment` follow each other without a gap; the same number goes on from one split into the next, so
    that of `train` and `validation` together windows may reach over the border.

    Args:
        dataset: What `gristmill ingest datacenter` wrote.
        splits: Their names.

    Returns:
        The dataset's features: `site`, `time` (beginning of the step, seconds since 1970 UTC), `segment`, the numbers
        (null where missing), `pue`, and the place of a step among all of its site, `position` of `key_records`.
    """
    parts = [dataset.read(split) for split in splits]
    if not parts:
        raise InputError("read_series needs the name of at least one split. Received: none")
    return pa.concat_tables(parts).sort_by([("site", "ascending"), ("time", "ascending")])


def read_report(dataset: Dataset) -> dict[str, Any]:
    """The report of the ingestion; see `apps.datacenter.telemetry.report.Report`.

    Raises:
        InputError: The dataset is not one of telemetry.
    """
    entry = dataset.manifest.reports.get(REPORT)
    if entry is None:
        raise InputError(f"{dataset.path}: a dataset of telemetry is needed. Received: one of {dataset.manifest.app}")
    report: dict[str, Any] = read_json(dataset.path / entry.name)
    return report
