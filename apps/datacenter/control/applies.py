"""Whether a policy can be fitted to a dataset: a light look at its columns."""

from apps.datacenter.control.signals import OUTSIDE
from gristmill.data.dataset import Dataset

__all__ = ["applies"]


def applies(dataset: Dataset) -> str | None:
    """Why no policy can be fitted to a dataset, or None."""
    names = set(dataset.manifest.record_schema.names)
    lacking = sorted({"action_supply_air_c", "action_fan_flow_kg_s", "fan_power_kw", *OUTSIDE} - names)
    return f"its telemetry lacks {', '.join(lacking)}" if lacking else None
