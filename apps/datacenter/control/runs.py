"""The policy that a run folder holds."""

from pathlib import Path

from apps.datacenter.control.policy import KerasPolicy, LitePolicy, Policy
from apps.datacenter.control.settings import ControlConfig
from gristmill.errors import InputError
from gristmill.runs import Run

__all__ = ["read_policy"]


def read_policy(path: Path, lite: str | None = None) -> Policy:
    """Opens a run, whose hashes are checked, and gives its policy.

    Args:
        path: A run folder of `gristmill train datacenter`.
        lite: A lite format, such as `f32`; None takes the Keras model.

    Raises:
        InputError: The run has no policy, or not in that format.
        IntegrityError: A file of the run is missing, cut or changed.
    """
    run = Run.open(path)
    name = f"lite/policy-{lite}.tflite" if lite else "policy.keras"
    if name not in run.files:
        raise InputError(f"{path}: the run must hold a policy, {name}. Received: {', '.join(sorted(run.files))}")
    if lite:
        return LitePolicy(path / name)
    return KerasPolicy(path / name, ControlConfig.model_validate(run.config["settings"]["control"]))
