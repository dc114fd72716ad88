"""The phrase-based peer: `bench/phrases.py` in an environment of its own, trained once for the same pairs."""

import hashlib
import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gristmill.errors import InputError, WorkError
from gristmill.files import read_json, write_json_atomic

__all__ = ["PhraseBased", "trained"]

_SCRIPT = Path(__file__).with_name("phrases.py")
_PYTHON = Path(__file__).parent / ".thot/bin/python"


@dataclass(frozen=True)
class PhraseBased:
    """A trained system.

    Attributes:
        folder: Its model.
        train_seconds: CPU-seconds that its training took.
    """

    folder: Path
    train_seconds: float

    def translate(self, lines: Sequence[str]) -> tuple[list[str], float]:
        """A translation of each line, and the CPU-seconds that they took, loading the model among them."""
        out, seconds = _called(["translate", str(self.folder)], "\n".join(lines) + "\n")
        found = out.removesuffix("\n").split("\n")
        if len(found) != len(lines):
            raise WorkError(f"Thot must give a line for each line. Received: {len(found)} for {len(lines)}")
        return found, seconds


def trained(sources: Sequence[str], targets: Sequence[str], folder: Path) -> PhraseBased:
    """The system of these pairs, trained where the folder does not hold it yet.

    Raises:
        InputError: Its environment is not there, or the folder holds a system of other pairs.
        WorkError: Training failed.
    """
    pairs = "".join(f"{source}\t{target}\n" for source, target in zip(sources, targets, strict=True))
    digest = hashlib.sha256(pairs.encode()).hexdigest()
    made = folder / "trained.json"
    if made.exists():
        kept: Any = read_json(made)
        if kept["sha256"] != digest:
            raise InputError(
                f"{folder} must hold a system of these pairs. Received: one of others; give another folder"
            )
        return PhraseBased(folder, float(kept["cpu_seconds"]))
    folder.mkdir(parents=True, exist_ok=True)
    files = {folder / "source.txt": sources, folder / "target.txt": targets}
    for path, lines in files.items():
        path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    _, seconds = _called(["train", *map(str, files), str(folder)], "")
    write_json_atomic(made, {"sha256": digest, "pairs": len(sources), "cpu_seconds": seconds})
    return PhraseBased(folder, seconds)


def _called(words: list[str], given: str) -> tuple[str, float]:
    """Standard output, and CPU-seconds."""
    if not _PYTHON.exists():
        raise InputError("Thot needs an environment of its own: run `make thot`. Received: none")
    done = subprocess.run([str(_PYTHON), str(_SCRIPT), *words], input=given.encode(), capture_output=True)
    errors = done.stderr.decode(errors="replace")
    if done.returncode:
        raise WorkError(f"Thot failed: {errors[-2000:]}")
    return done.stdout.decode(), float(json.loads(errors.splitlines()[-1])["cpu_seconds"])
