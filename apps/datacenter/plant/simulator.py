"""What the simulator does beside a run: turns IDF models into epJSON, and says why it stopped."""

from pathlib import Path
from typing import Any

from gristmill.errors import InputError, WorkError

__all__ = ["as_epjson", "new_engine", "severe_errors"]


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
    """Converts an IDF file; an epJSON file is given back as it is.

    Args:
        path: The model.
        folder: Where the epJSON file is written.

    Raises:
        InputError: The simulator does not take the file.
    """
    if path.suffix.lower() != ".idf":
        return path
    api = new_engine()
    state = api.state_manager.new_state()
    api.runtime.set_console_output_status(state, False)
    try:
        status = api.runtime.run_energyplus(state, ["--convert-only", "-d", str(folder), str(path)])
    finally:
        api.state_manager.delete_state(state)
    made = folder / f"{path.stem}.epJSON"
    if status or not made.is_file():  # of a broken file it writes a broken one
        raise InputError(f"{path}: a model must be an IDF file of the simulator's version: {severe_errors(folder)}")
    return made


def severe_errors(folder: Path) -> str:
    """The first severe errors that the simulator left in a folder, for people."""
    try:
        lines = (folder / "eplusout.err").read_text("utf-8", "replace").splitlines()
    except OSError:
        return "it left no messages"
    found = [line.strip(" *") for line in lines if "** Severe" in line or "**  Fatal" in line]
    return "; ".join(found[:3]) or "it gave no reason"
