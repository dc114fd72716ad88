"""Controllers by name, with settings as texts: what `gristmill plant run --controller NAME --set key=value` starts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, create_model

from apps.datacenter.plant.controllers import ACTIONS, Action, Constant, Controller, Default
from apps.datacenter.plant.options import PlantOptions
from gristmill.config import CheckedRecord, build_config
from gristmill.errors import InputError, unknown_name

__all__ = ["CONTROLLERS", "NamedController", "make_controller"]


@dataclass(frozen=True)
class NamedController:
    """A kind of controller."""

    help: str
    """What it does and which settings it takes, in a line."""
    make: Callable[[Sequence[str], PlantOptions], Controller]
    """Makes one from `key=value` texts, for a run with these options; wrong settings raise `InputError`."""


def _default(settings: Sequence[str], options: PlantOptions) -> Default:
    del options
    build_config(CheckedRecord, {}, settings)
    return Default()


_FIELDS: dict[str, Any] = dict.fromkeys(ACTIONS, (float | None, None))
_SetPoints: type[BaseModel] = create_model("_SetPoints", __base__=CheckedRecord, **_FIELDS)


def _constant(settings: Sequence[str], options: PlantOptions) -> Constant:
    del options
    action = Action(**build_config(_SetPoints, {}, settings).model_dump())
    if action == Action():
        raise InputError(f"controller constant must have one or more of {', '.join(ACTIONS)}. Received: none")
    return Constant(action)


def _reactive(settings: Sequence[str], options: PlantOptions) -> Controller:
    from apps.datacenter.control.layout import read_layout
    from apps.datacenter.control.rules import Reactive, ReactiveSettings

    return Reactive(read_layout(options), build_config(ReactiveSettings, {}, settings))


class _Planning(CheckedRecord):
    """Settings of the controller `mpc`."""

    run: Path
    """A run folder of `gristmill train datacenter`."""
    lite: str | None = None
    """A lite format, such as `f32`: plans by the run's lite file in place of the Keras model."""
    log: Path | None = None
    """Where the guard's log of actions goes, JSON lines."""


def _planning(settings: Sequence[str], options: PlantOptions) -> Controller:
    from apps.datacenter.control.runs import read_policy
    from apps.datacenter.control.study import planning

    chosen = build_config(_Planning, {}, settings)
    return planning(read_policy(chosen.run, chosen.lite), options, log_file=chosen.log)


CONTROLLERS = {
    "constant": NamedController(f"The same set-points at every step; settings: {', '.join(ACTIONS)}.", _constant),
    "default": NamedController("The model's own controls; no settings.", _default),
    "mpc": NamedController("Plans on learned dynamics, guarded; settings: run (needed), lite, log.", _planning),
    "reactive": NamedController(
        "Rules that follow the warmest inlet; settings: inlet_c, zone_c and others.", _reactive
    ),
}


def make_controller(name: str, settings: Sequence[str], options: PlantOptions) -> Controller:
    """Makes a controller by its name.

    Args:
        name: One of `CONTROLLERS`.
        settings: `key=value` texts; values are read as YAML.
        options: The run that it will steer.

    Raises:
        InputError: The name or a setting is not known, or a value breaks a rule.
    """
    if name not in CONTROLLERS:
        raise unknown_name("controller", name, CONTROLLERS)
    return CONTROLLERS[name].make(settings, options)
