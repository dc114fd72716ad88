"""The policy as a task of the app: fitted to telemetry, judged in the plant, exported as one planning function."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from apps.datacenter.control.dynamics import Dynamics, fit_dynamics
from apps.datacenter.control.planner import Planner
from apps.datacenter.control.policy import ASSET, KerasPolicy, policy_asset
from apps.datacenter.control.signals import OUTSIDE, find_signals, hour_angle, transitions
from apps.datacenter.control.study import peers, planning
from apps.datacenter.plan import PLANT
from apps.datacenter.plant import PlantOptions, run_plant, write_telemetry
from apps.datacenter.plant.summary import summarise
from apps.datacenter.telemetry import read_report, read_series
from gristmill.app import Work
from gristmill.lite import Signature

if TYPE_CHECKING:
    import keras

__all__ = [
    "agreement",
    "assets",
    "baselines",
    "evaluate",
    "fit",
    "requests",
    "score",
    "signature",
]

_CALIBRATED = 0.995
"""Share of the errors on validation data that the margin covers."""
_REQUESTS = 200
_SAME = 0.3
"""How far set-points may be apart to count as the same, each in its unit."""

Series = dict[str, npt.NDArray[Any]]


def _series(work: Work, split: str) -> Series:
    """The columns of a split, with unbroken runs numbered over all sites, and the hour as sine and cosine."""
    table = read_series(work.dataset, split)
    series: Series = {
        name: table[name].to_numpy().astype(np.float64) for name in table.column_names if name not in ("site", "time")
    }
    site = table["site"].combine_chunks().dictionary_encode().indices.to_numpy()
    new = np.diff(site, prepend=site[:1]).astype(bool) | (
        np.diff(series["segment"], prepend=series["segment"][:1]) != 0
    )
    seconds = table["time"].to_numpy()
    angle = hour_angle((seconds / 3600 + work.config.control.utc_offset_hours) % 24)
    return series | {"segment": np.cumsum(new), "hour_sin": angle[:, 0], "hour_cos": angle[:, 1]}


def fit(work: Work) -> "keras.Model":
    """Fits the dynamics to the training split, and validation tells which margin covers their errors; then to both."""
    train, validation = _series(work, "train"), _series(work, "validation")
    signals = find_signals(train)

    def fitted(name: str, *parts: Series) -> Dynamics:
        pairs = [transitions(part, signals) for part in parts]
        inputs, targets = (np.concatenate(arrays) for arrays in zip(*pairs, strict=True))
        settings = dict(work.config.dynamics)
        return fit_dynamics(inputs, targets, signals, **settings, seed=work.seed, **work.training(name))

    inlets, _ = _errors(fitted("policy_margin", train), validation)
    model = fitted("policy", train, validation)
    model.margin.assign([np.quantile(inlets, _CALIBRATED)])
    return model


def _errors(model: Dynamics, series: Series) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """How far what was measured is from what is expected: inlets, K [row, inlet], and cooling power, kW [row]."""
    signals = model.signals
    inputs, targets = transitions(series, signals)
    off = targets - np.asarray(model(inputs)).mean(axis=0)[:, : len(signals.targets)]
    places = [signals.targets.index(name) for name in signals.inlets]
    return np.abs(off[:, places]), np.abs(off[:, -2:].sum(axis=1))


def evaluate(model: "keras.Model", work: Work, split: str) -> dict[str, float]:
    """Errors of the dynamics one step ahead; on `test` also what the policy does in the plant, where it is known.

    Those on `validation` are of rows that were fitted to in the end.
    """
    assert isinstance(model, Dynamics)
    inlets, cooling = _errors(model, _series(work, split))
    found = {"inlet_mae_c": float(inlets.mean()), "cooling_mae_kw": float(cooling.mean())}
    options = _closed_loop(work)
    if split != "test" or options is None:
        return found
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "policy.keras"
        model.save(path)
        log = Path(folder) / "actions.jsonl"
        steered = planning(KerasPolicy(path, work.config.control), options, log_file=log)
        with work.progress.task("steps in the plant", total=options.steps) as task:
            table = run_plant(options, steered, report=task.advance)
        work.keep(log.name, log.read_bytes())
        return found | _figures(work, "model", table)


def baselines(work: Work, split: str) -> dict[str, dict[str, float]]:
    """Persistence, of the errors; and in the plant default control, the best constant and rules."""
    series = _series(work, split)
    signals = find_signals(series)
    inputs, targets = transitions(series, signals)
    del inputs
    inlets = targets[:, [signals.targets.index(name) for name in signals.inlets]]
    cooling = targets[:, -2:].sum(axis=1)
    last = {
        "inlet_mae_c": float(np.abs(np.diff(inlets, axis=0)).mean()),
        "cooling_mae_kw": float(np.abs(np.diff(cooling)).mean()),
    }
    options = _closed_loop(work)
    known = {} if split != "test" or options is None else peers(options, workers=work.config.closed_loop.workers)
    return {"persistence": last} | {name: _figures(work, name, table) for name, table in known.items()}


def _closed_loop(work: Work) -> PlantOptions | None:
    """The run that policies are judged in; None where the dataset does not tell its plant."""
    plant = work.dataset.manifest.info.get(PLANT)
    if plant is None:
        return None
    settings = work.config.closed_loop
    changes = {name: getattr(settings, name) for name in ("start", "days", "weather", "load")}
    return PlantOptions(**json.loads(plant) | {name: value for name, value in changes.items() if value is not None})


def _figures(work: Work, system: str, table: pa.Table) -> dict[str, float]:
    """A run summed up; its telemetry is kept beside the figures."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{system}.parquet"
        write_telemetry(table, path)
        work.keep(path.name, path.read_bytes())
    summary = summarise(table)
    return {
        "total_mwh": summary.total_mwh,
        "cooling_mwh": summary.cooling_mwh,
        "pue": summary.pue,
        "inlet_steps_out": summary.inlet_steps_out,
        "humidity_out_percent": 100 * summary.humidity_share_out,
    }


def signature(model: "keras.Model", work: Work) -> Signature:
    """`decide`: see `Planner.decide`."""
    assert isinstance(model, Dynamics)
    planner = Planner(model, work.config.control)
    return Signature("decide", planner.decide, planner.inputs)


def assets(work: Work) -> Mapping[str, bytes]:
    """What the inputs are, and what may be done."""
    return {ASSET: policy_asset(find_signals(_series(work, "train")), work.config.control)}


def requests(work: Work, split: str) -> list[dict[str, Any]]:
    """Situations of a split: what was measured, a forecast that all stays as it is, and the set-points in force."""
    series, config = _series(work, split), work.config.control
    signals = find_signals(series)
    inputs, _ = transitions(series, signals)
    rows = np.unique(np.linspace(0, len(inputs) - 1, _REQUESTS).astype(int))
    state, outside = len(signals.state), len(signals.state) + len(OUTSIDE)
    names = [f"before_{name}" for name in signals.actions]
    before = [signals.inputs.index(name) for name in names]
    hours = read_report(work.dataset)["step_seconds"] / 3600
    return [
        {
            "state": row[:state],
            "outside": np.tile(row[state:outside], (config.horizon, 1)),
            "hours": np.tile(row[outside : outside + 2], (config.horizon, 1)),
            "energy": np.full(config.horizon, hours, np.float32),
            "before": row[before],
            "bias": np.zeros(len(signals.inlets), np.float32),
            "surprise": np.zeros(1, np.float32),
        }
        for row in inputs[rows]
    ]


def score(outputs: Sequence[Mapping[str, Any]], work: Work, split: str) -> dict[str, float]:
    """Cooling power that the plans expect, the mean, kW."""
    del work, split
    return {"planned_cooling_kw": float(np.mean([output["power"][0] for output in outputs]))}


def agreement(reference: Sequence[Mapping[str, Any]], outputs: Sequence[Mapping[str, Any]]) -> float:
    """Share of the plans in which every set-point is the same, within 0.3 of its unit."""
    pairs = zip(reference, outputs, strict=True)
    return float(np.mean([np.allclose(one["action"], other["action"], rtol=0, atol=_SAME) for one, other in pairs]))
