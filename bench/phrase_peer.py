"""The phrase-based peer: `bench/phrases.py` in an environment of its own, trained once for the same pairs."""

import hashlib
import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gristmill.errors import InputError, WorkError
from gristmill.files import read_json, write_json_atomic

__all__ = ["TUNED", "UNTUNED", "PhraseBased", "trained"]

TUNED, UNTUNED = "tuned", "untuned"
"""Weights to translate by: tuned on 1,000 pairs by translating them again and again, or those that this starts with."""

_SCRIPT = Path(__file__).with_name("phrases.py")
_PYTHON = Path(__file__).parent / ".thot/bin/python"


@dataclass(frozen=True)
class PhraseBased:
    """A trained system.

    Attributes:
        folder: Its model.
        train_seconds: CPU-seconds that its training took, by weights.
    """

    folder: Path
    train_seconds: Mapping[str, float]

    def translate(self, lines: Sequence[str], weights: str) -> tuple[list[str], float]:
        """A translation of each line by `TUNED` or `UNTUNED`, and the CPU-seconds for them and for loading the model."""
        out, told = _called(["translate", str(self.folder), weights], "\n".join(lines) + "\n")
        found = out.removesuffix("\n").split("\n")
        if len(found) != len(lines):
            raise WorkError(f"Thot must give a line for each line. Received: {len(found)} for {len(lines)}")
        return found, told["cpu_seconds"]


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
        return PhraseBased(folder, kept["cpu_seconds"])
    folder.mkdir(parents=True, exist_ok=True)
    files = {folder / "source.txt": sources, folder / "target.txt": targets}
    for path, lines in files.items():
        path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    _, told = _called(["train", *map(str, files), str(folder)], "")
    seconds = {TUNED: told["cpu_seconds"], UNTUNED: told["untuned_seconds"]}
    write_json_atomic(made, {"sha256": digest, "pairs": len(sources), "cpu_seconds": seconds})
    return PhraseBased(folder, seconds)


def _called(words: list[str], given: str) -> tuple[str, dict[str, float]]:
    """Standard output, and the CPU-seconds that it tells."""
    if not _PYTHON.exists():
        raise InputError("Thot needs an environment of its own: run `make thot`. Received: none")
    done = subprocess.run([str(_PYTHON), str(_SCRIPT), *words], input=given.encode(), capture_output=True)
    errors = done.stderr.decode(errors="replace")
    if done.returncode:
        raise WorkError(f"Thot failed: {errors[-2000:]}")
    told: dict[str, float] = json.loads(errors.splitlines()[-1])
    return done.stdout.decode(), told
