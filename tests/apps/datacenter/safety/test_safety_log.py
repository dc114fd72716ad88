"""The action log: every step with its reasons, there after a kill, and read back as a table."""

import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from apps.datacenter.safety import read_log
from gristmill.errors import InputError

_KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from apps.datacenter.plant import Action
from apps.datacenter.safety.log import ActionLog, Entry
log = ActionLog(Path(sys.argv[1]))
for step in range(3):
    log.add(Entry(step, datetime(1991, 7, 1), "act", "fallback", None, Action(supply_air_c=22.0), ("why",)))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_row_tells_a_step(plant: Callable[..., Any]) -> None:
    fake = plant({"spread_c": 0.9})
    action = fake.run()
    row = fake.log[-1]
    assert len(fake.log) == 17
    assert (row["step"], row["time"], row["mode"]) == (16, datetime(1991, 7, 1, 4), "act")
    assert (row["advised_supply_air_c"], row["set_supply_air_c"]) == (24.0, action.supply_air_c)
    assert (row["expected_spread_c"], row["expected_distance"], row["source"]) == (0.9, 0.0, "fallback")
    assert row["reasons"] == ["uncertain: inlets to 0.90 degrees, more than 0.5"]


def test_a_log_that_cannot_be_written_stops_no_plant(plant: Callable[..., Any], tmp_path: Path) -> None:
    fake = plant()
    fake.log_file.rename(tmp_path / "before.jsonl")
    fake.log_file.mkdir()
    assert fake.run().supply_air_c == 24.0
    fake.log_file.rmdir()
    fake.run()
    assert "the log could not be written before: [Errno 21]" in fake.reasons


def test_a_killed_process_leaves_all_its_steps(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    subprocess.run([sys.executable, "-c", _KILLED, str(path)], check=False)
    assert read_log(path)["step"].to_pylist() == [0, 1, 2]
    with path.open("a") as file:
        file.write('{"step": 3, "ti')
    assert read_log(path).num_rows == 3, "a line that was cut is left out"
    with path.open("a") as file:
        file.write("\n")
    with pytest.raises(InputError, match=r"log\.jsonl, line 4: an entry must be JSON with its time"):
        read_log(path)
