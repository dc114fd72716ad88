"""Controllers side by side in the plant over a whole year, on the plant's own climate and on ones never used in fitting."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa

from apps.datacenter.control.runs import read_policy
from apps.datacenter.control.study import peers, perfect_forecast, planning
from apps.datacenter.control.weeks import explore_seasons
from apps.datacenter.plant import PlantOptions, run_plant, write_telemetry
from apps.datacenter.plant.summary import summarise
from bench.inputs import Inputs
from bench.tables import show

__all__ = ["run"]

_MODELS = ("2zone-dx", "2zone-cw")
_PLACES = (("chicago", "google2019"), ("new-york", "azure2019"))
"""Weather and load; the first are those of the exploration."""
_DAYS = 365
_COLUMNS = ["controller", "total MWh", "cooling MWh", "PUE", "steps out of 18-27 degC", "humidity out, % of time"]


def run(inputs: Inputs) -> None:
    """Explores each plant once, fits a policy, and prints a table for each climate and load."""
    runs = [_fit(model, inputs.folder / model) for model in _MODELS]
    with ThreadPoolExecutor(len(runs)) as pool:
        list(pool.map(_judge, _MODELS, runs))


def _judge(model: str, run: Path) -> None:
    for weather, load in _PLACES:
        options = PlantOptions(model=model, servers="flat", weather=weather, load=load, days=_DAYS)
        _show(options, _tables(options, run))


def _fit(model: str, folder: Path) -> Path:
    """A run folder with a policy fitted to 32 days of exploration in Chicago."""
    from apps.datacenter import app
    from apps.datacenter.options import IngestOptions
    from gristmill.data.execution import Execution
    from gristmill.progress import Silent
    from gristmill.workflow import export_run, train_app

    folder.mkdir(parents=True)
    telemetry = folder / "telemetry.parquet"
    write_telemetry(explore_seasons(PlantOptions(model=model, servers="flat"), 8), telemetry)
    plan = app.plan({"telemetry": [str(telemetry)]}, IngestOptions())
    app.ingest(plan, folder / "dataset", Silent(), Execution())
    train_app(app, folder / "dataset", folder / "run", overrides=["predict.epochs=1"], saved=False)
    export_run(folder / "run", formats="f32")
    return folder / "run"


def _tables(options: PlantOptions, run: Path) -> dict[str, pa.Table]:
    """Telemetry of each controller, by name."""
    floats = read_policy(run)
    tables = peers(options, workers=1)
    tables["planning (mpc)"] = run_plant(options, planning(floats, options))
    tables["planning, perfect forecast"] = run_plant(options, planning(floats, options, perfect_forecast(options)))
    if (options.weather, options.load) == _PLACES[0]:
        tables["planning, lite file"] = run_plant(options, planning(read_policy(run, "f32"), options))
    return tables


def _show(options: PlantOptions, tables: dict[str, pa.Table]) -> None:
    found = {name: summarise(table) for name, table in tables.items()}
    best = found["best_constant"]
    rows = [
        [
            name.replace("_", " "),
            f"{each.total_mwh:.2f} ({100 * (each.total_mwh / best.total_mwh - 1):+.2f}%)",
            f"{each.cooling_mwh:.2f} ({100 * (each.cooling_mwh / best.cooling_mwh - 1):+.1f}%)",
            f"{each.pue:.4f}",
            str(each.inlet_steps_out),
            f"{100 * each.humidity_share_out:.1f}",
        ]
        for name, each in found.items()
    ]
    seen = "explored here" if (options.weather, options.load) == _PLACES[0] else "never used in fitting"
    days = f"{options.days} days, against the best constant"
    show(f"{options.model}, {options.weather}, {options.load} ({seen}), flat servers, {days}", _COLUMNS, rows)
