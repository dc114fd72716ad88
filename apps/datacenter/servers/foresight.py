"""The oracle: the least energy and wear that meets all of a demand that is known beforehand.

Servers on over time, starts and stops are the variables of a mixed-integer linear programme, the unit commitment of equal
machines; minimum times as in Rajan and Takriti 2005 (IBM RC23628), which make its relaxation nearly integral.
"""

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, diags_array, eye_array, hstack

from apps.datacenter.servers.fleet import Fleet
from gristmill.errors import WorkError

__all__ = ["Follow", "oracle"]


class Follow:
    """Does what a list says, a count a step."""

    def __init__(self, counts: npt.NDArray[np.int64]) -> None:
        self._counts = iter(counts.tolist())

    def want(self, seen: npt.NDArray[np.float64], missed: bool) -> int:
        """Gives the next count."""
        del seen, missed
        return int(next(self._counts))


def oracle(fleet: Fleet, demand: npt.NDArray[np.float64]) -> Follow:
    """Solves for the cheapest plan.

    Args:
        fleet: The servers and their rules; all are on when the plan begins.
        demand: All of it, fractions of what the whole fleet can do [step].

    Returns:
        A policy to replay: it wants the servers that the plan has on and booting. What exceeds the whole fleet stays
        unmet by any plan.

    Raises:
        WorkError: The solver found no plan.
    """
    steps, boot, least = len(demand), fleet.boot_steps, fleet.least_on_steps
    needed = fleet.needed(demand)
    one = eye_array(steps, format="csr")
    before = diags_array([np.ones(steps - 1)], offsets=[-1], shape=(steps, steps), format="csr")
    recent = _band(steps, range(-min(least, steps) + 1, 1))  # starts of the last `least` steps
    coming = _band(steps, range(1, min(boot, steps - 1) + 1))  # starts whose boot is under way
    none = csr_array((steps, steps))
    first = np.zeros(steps)
    first[0] = fleet.servers
    # columns: on [step], started [step], stopped [step]
    rules = [
        LinearConstraint(hstack([one - before, -one, one], format="csr"), first, first),
        LinearConstraint(hstack([one, -recent, none], format="csr"), 0, np.inf),
        LinearConstraint(hstack([one, coming, none], format="csr"), -np.inf, fleet.servers),
    ]
    most_started = np.full(steps, fleet.servers)
    most_started[:boot] = 0  # what is ordered in step 0 computes from step `boot` on
    every = np.full(steps, fleet.servers)
    zero = np.zeros(steps)
    kwh = fleet.full_power_kw * fleet.step_hours
    start_kwh = kwh * boot + fleet.wear_kwh
    found = milp(
        np.concatenate([np.full(steps, fleet.idle_share * kwh), np.full(steps, start_kwh), zero]),
        integrality=np.ones(3 * steps),
        bounds=Bounds(np.concatenate([needed, zero, zero]), np.concatenate([every, most_started, every])),
        constraints=rules,
        options={"mip_rel_gap": 0.0},
    )
    if found.x is None:
        raise WorkError(f"no plan of {fleet.servers} servers over {steps} steps was found: {found.message}")
    on, started = np.rint(found.x[: 2 * steps]).astype(np.int64).reshape(2, steps)
    return Follow(on + coming.astype(np.int64) @ started)


def _band(steps: int, offsets: range) -> csr_array:
    """Ones on the named diagonals."""
    if not offsets:
        return csr_array((steps, steps))
    return diags_array([np.ones(steps - abs(k)) for k in offsets], offsets=list(offsets), shape=(steps, steps)).tocsr()
