"""The jars of Flink and of Beam's job server: fetched once by Maven, checked against `jars.sha256`, kept in the user's cache."""

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from platformdirs import user_cache_path

from gristmill.errors import IntegrityError, WorkError

__all__ = ["JARS", "fetch", "find_jars"]

_HERE = Path(__file__).parent
JARS = user_cache_path("gristmill") / "flink-1.19.0-beam-2.62.0"
"""Where the jars are kept."""


def find_jars() -> Path:
    """The folder of jars.

    Raises:
        WorkError: They were not fetched, or Java is missing.
    """
    if not JARS.is_dir():
        raise WorkError("Flink is not there yet: run `make flink`, which fetches its jars (150 MB) from Maven Central")
    if shutil.which("java") is None:
        raise WorkError("Flink needs Java 11 or 17 on the PATH. Received: none")
    return JARS


def fetch() -> Path:
    """Fetches the jars where they are not there, by the user's own Maven settings.

    Raises:
        WorkError: Maven is missing or fails.
        IntegrityError: What it brought is not what we know.
    """
    if JARS.is_dir():
        _check(JARS)
        return JARS
    maven = shutil.which("mvn")
    if maven is None:
        raise WorkError("Maven is needed to fetch Flink: install `maven` and have `mvn` on the PATH. Received: none")
    JARS.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=JARS.parent, prefix=".flink-") as folder:
        target = Path(folder) / "jars"
        command = [maven, "--batch-mode", "--quiet", "--file", str(_HERE / "pom.xml"), "dependency:copy-dependencies"]
        command += [f"-DoutputDirectory={target}", "-DincludeScope=runtime"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            said = [line for line in (done.stdout + done.stderr).splitlines() if "ERROR" in line]
            raise WorkError(f"Maven could not fetch Flink: {said[0] if said else done.returncode}")
        _check(target)
        target.rename(JARS)
    return JARS


def _check(folder: Path) -> None:
    lines = [line.split() for line in (_HERE / "jars.sha256").read_text("utf-8").splitlines()]
    known = {name: expected for expected, name in lines}
    if found := {path.name for path in folder.glob("*.jar")} ^ known.keys():
        raise IntegrityError(f"{folder}: jars that should not differ: {', '.join(sorted(found))}")
    for name, expected in known.items():
        with open(folder / name, "rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != expected:
                raise IntegrityError(f"{folder / name} was changed: remove {folder} and run `make flink` again")
