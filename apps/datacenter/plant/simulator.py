"""What the simulator does beside a run: turns IDF models into epJSON, and says why it stopped."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from apps.datacenter.plant.model import check_version
from gristmill.errors import InputError, WorkError

__all__ = ["as_epjson", "new_engine", "severe_errors"]

_IDF_VERSION = re.compile(r"^\s*Version\s*,\s*([^;\s]*)", re.IGNORECASE | re.MULTILINE)
_CONVERT = """
import sys
from apps.datacenter.plant.simulator import new_engine
engine = new_engine()
state = engine.state_manager.new_state()
sys.exit(engine.runtime.run_energyplus(state, ["--convert-only", "-d", *sys.argv[1:]]))
"""


def new_engine() -> Any:
    """EnergyPlus' Python API (https://energyplus.readthedocs.io/en/latest/api.html).

    Raises:
        WorkError: It is not installed: there is no wheel for this kind of machine.
    """
    try:
        from pyenergyplus.api import EnergyPlusAPI
    except ImportError as error:
        raise WorkError(f"EnergyPlus is not installed (pip install pyenergyplus-lbnl): {error}") from error
    return EnergyPlusAPI()


def as_epjson(path: Path, folder: Path) -> Path:
    """Converts an IDF file, in a process of its own; an epJSON file is given back as it is.

    Args:
        path: The model.
        folder: Where the epJSON file is written.

    Raises:
        InputError: The file is of another version of the simulator, or the simulator does not take it.
    """
    if path.suffix.lower() != ".idf":
        return path
    version = _IDF_VERSION.search(re.sub("!.*", "", path.read_text("latin-1")))
    check_version(version[1] if version else "none", path)
    command = [sys.executable, "-P", "-c", _CONVERT, str(folder), str(path)]
    done = subprocess.run(command, capture_output=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
    made = folder / f"{path.stem}.epJSON"
    if done.returncode or not made.is_file():  # of a broken file it writes a broken one
        raise InputError(f"{path}: a model must be an IDF file that the simulator can read: {severe_errors(folder)}")
    return made


def severe_errors(folder: Path) -> str:
    """Why a simulator stopped, from the messages that it left in a folder: its last severe errors, for people."""
    try:
        lines = (folder / "eplusout.err").read_text("utf-8", "replace").splitlines()
    except OSError:
        return "it left no messages"
    found = [line.strip(" *") for line in lines if "** Severe" in line or "**  Fatal" in line]
    return "; ".join(found[-3:]) or "it gave no reason"
