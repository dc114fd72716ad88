"""A trained member, what it said, and how predictions are compared."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gristmill.estimator import Estimator, RunConfig
from tests.gristmill.conformance.members import Member


@dataclass(frozen=True)
class Trained:
    """A member after its two trainings, done as one.

    Attributes:
        member: What it is.
        estimator: The trained one; its folder also holds the checkpoint between the two.
        told: Its predictions of all examples by name, made in one batch.
    """

    member: Member
    estimator: Estimator
    told: dict[str, Any]


def config(folder: Path | str, seed: int = 1, **options: Any) -> RunConfig:
    return RunConfig(str(folder), tf_random_seed=seed, save_summary_steps=0, log_step_count_steps=None, **options)


def train(member: Member, folder: Path) -> Trained:
    estimator = member.make(config(folder, save_checkpoints_steps=member.steps[0]))
    estimator.train(member.batches(), max_steps=sum(member.steps))
    return Trained(member, estimator, told_by(member, estimator))


def told_by(member: Member, estimator: Estimator) -> dict[str, Any]:
    """Predictions of all examples by name, made in one batch."""
    told: dict[str, Any] = next(estimator.predict(member.given(), yield_single_examples=False))
    return told


def check_same(found: dict[str, Any], expected: dict[str, Any], tolerance: float = 0.0) -> None:
    """Numbers are as near as `tolerance`, and words the same."""
    assert set(found) == set(expected)
    for name, value in expected.items():
        if value.dtype.kind == "f":
            np.testing.assert_allclose(found[name], value, rtol=tolerance, atol=tolerance, err_msg=name)
        else:
            np.testing.assert_array_equal(found[name], value, err_msg=name)
