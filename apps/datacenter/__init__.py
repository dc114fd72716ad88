"""Data-centre cooling: a plant in closed loop, and telemetry that is read, checked and made a regular series."""

from apps.datacenter.options import IngestOptions
from gristmill.app import App, SourceOption, later

__all__ = ["app"]

app = App(
    name="datacenter",
    summary="Energy and PUE of a data centre from its telemetry.",
    sources={
        "telemetry": SourceOption("Files (or a glob) of time, sensors, set-points and powers.", required=True),
    },
    options=IngestOptions,
    plan=later("apps.datacenter.plan:make_plan"),
    ingest=later("pipelines.ingest:ingest"),
    config="apps.datacenter.config:DatacenterConfig",
    tasks=(),
    card=later("apps.datacenter.card:card"),
    show=later("apps.datacenter.telemetry.show:show_report"),
)
