"""Data-centre cooling: a plant in closed loop, and telemetry that is read, checked and made a regular series."""

from apps.datacenter.options import IngestOptions
from apps.datacenter.plant.sources import AZURE_2019, GOOGLE_2019, PLANTS
from gristmill.app import App, SourceOption, Task, later
from gristmill.gate import Gate

__all__ = ["app"]

_POLICY = "apps.datacenter.control.task"
_PREDICT = "apps.datacenter.predict.task"

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
    tasks=(
        Task(
            name="predict",
            metrics=(
                "pue_mae_step",
                "pue_mae_hour",
                "power_mae_step_kw",
                "power_mae_hour_kw",
                "pue_coverage_step",
                "pue_coverage_hour",
                "pue_width_step",
                "pue_width_hour",
            ),
            fit=later(f"{_PREDICT}:fit"),
            evaluate=later(f"{_PREDICT}:evaluate"),
            baselines=later(f"{_PREDICT}:baselines"),
            signature=later(f"{_PREDICT}:signature"),
            assets=later(f"{_PREDICT}:assets"),
            requests=later(f"{_PREDICT}:requests"),
            score=later(f"{_PREDICT}:score"),
            agreement=later(f"{_PREDICT}:agreement"),
            gate=Gate("pue_mae_hour", allowed_loss=0.001, minimum_agreement=0.95, higher_is_better=False),
            modules=("apps.datacenter.predict.model",),
        ),
        Task(
            name="policy",
            metrics=(
                "total_mwh",
                "cooling_mwh",
                "pue",
                "inlet_steps_out",
                "humidity_out_percent",
                "inlet_mae_c",
                "cooling_mae_kw",
                "planned_cooling_kw",
            ),
            fit=later(f"{_POLICY}:fit"),
            evaluate=later(f"{_POLICY}:evaluate"),
            baselines=later(f"{_POLICY}:baselines"),
            signature=later(f"{_POLICY}:signature"),
            assets=later(f"{_POLICY}:assets"),
            requests=later(f"{_POLICY}:requests"),
            score=later(f"{_POLICY}:score"),
            agreement=later(f"{_POLICY}:agreement"),
            gate=Gate("planned_cooling_kw", allowed_loss=0.05, minimum_agreement=0.85, higher_is_better=False),
            modules=("apps.datacenter.control.dynamics",),
            applies=later("apps.datacenter.control.applies:applies"),
        ),
    ),
    presets={
        "default": {},
        "small": {
            "predict": {"members": 2, "width": 24, "demand_width": 16, "epochs": 4, "trees": 20, "leaves": 8},
            "dynamics": {"members": 2, "units": 16, "epochs": 20},
            "closed_loop": {"days": 2},
        },
        "full": {"closed_loop": {"start": "01-01", "days": 365}},
    },
    data=(PLANTS, AZURE_2019, GOOGLE_2019),
    default_sources=later("apps.datacenter.data:default_sources"),
    page="dashboards.datacenter:page",
    card=later("apps.datacenter.card:card"),
    show=later("apps.datacenter.telemetry.show:show_report"),
)
