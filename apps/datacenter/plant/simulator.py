"""What the simulator does beside a run: turns IDF models into epJSON, and says why it stopped."""

from pathlib import Path

from pyenergyplus.api import EnergyPlusAPI

from gristmill.errors import InputError

__all__ = ["as_epjson", "severe_errors"]


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
    api = EnergyPlusAPI()
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
