"""The compiled code keeps one row a step: zone values as they are, system values as means over time."""

import ctypes
from array import array
from types import SimpleNamespace

import pytest

from apps.datacenter.plant.sampler import Sampler

REAL, STATE, HANDLE = ctypes.c_double, ctypes.c_void_p, ctypes.c_int
CALLBACK = ctypes.CFUNCTYPE(None, STATE)


def test_rows_hold_zone_values_and_means_of_system_values_and_inputs_are_set() -> None:
    now = {7: 1.0, 8: 10.0, 9: 0.1}  # by handle: a zone's variable, and two of the system
    hours = [0.0]
    done: list[tuple[int, float]] = []
    library = SimpleNamespace(
        getVariableValue=ctypes.CFUNCTYPE(REAL, STATE, HANDLE)(lambda state, handle: now[handle]),
        setActuatorValue=ctypes.CFUNCTYPE(None, STATE, HANDLE, REAL)(
            lambda state, handle, value: done.append((handle, value))
        ),
        systemTimeStep=ctypes.CFUNCTYPE(REAL, STATE)(lambda state: hours[0]),
    )
    sampler = Sampler(library, array("d", [0.5, 1.0, 0.6, 0.9]), 2, 1, 2)
    begins, system, zone = (CALLBACK(each) for each in (sampler.step_begins, sampler.system_step, sampler.zone_step))

    def step(*parts: tuple[float, float]) -> None:
        begins(None)
        for hours[0], now[8] in parts:
            system(None)
        zone(None)

    step((0.25, 3.0))
    assert (done, sampler.last()) == ([], [0.0, 0.0, 0.0]), "nothing is read before `read`"
    sampler.read([1, 2], [7], [8, 9])
    step((0.25, 3.0))
    step((0.25, 4.0))
    assert sampler.last() == [1.0, 4.0, 0.1], "one part is kept to the last bit"
    assert sampler.steps == 0
    sampler.start()
    now[7] = 2.0
    step((0.05, 10.0), (0.20, 20.0))
    assert sampler.last() == pytest.approx([2.0, 18.0, 0.1])
    step((1 / 6, 0.3))
    assert sampler.last() == [2.0, 0.3, 0.1]
    assert sampler.steps == 2
    step((0.25, 99.0))
    assert sampler.steps == 2, "there is no room for a third"
    assert done == [(1, 0.5), (2, 1.0)] * 3 + [(1, 0.6), (2, 0.9)]
    assert list(sampler.rows)[:3] == [1.0, 4.0, 0.1]
