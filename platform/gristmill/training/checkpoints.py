"""Checkpoints: named tensors in TensorFlow's own format, each on disk whole or not at all, the last good ones kept."""

import json
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow as tf
from numpy.typing import NDArray

from gristmill.errors import InputError, IntegrityError, WorkError
from gristmill.files import json_text, sync_folder, sync_tree, write_atomic

__all__ = ["Checkpoint", "Checkpoints"]

_PREFIX = "model.ckpt-"
_DATA = ".data-00000-of-00001"
_INDEX = ".index"
_NOTES = "_gristmill/notes"
_PARTIAL = ".partial"


@dataclass(frozen=True)
class Checkpoint:
    """What was saved after a step.

    Attributes:
        step: Updates that are done.
        tensors: Arrays by name.
        notes: What else was saved, as JSON has it.
    """

    step: int
    tensors: Mapping[str, NDArray[Any]]
    notes: Mapping[str, Any]


class Checkpoints:
    """The checkpoints of a folder, which `tf.train.load_checkpoint` and `tf.train.latest_checkpoint` read as well.

    A checkpoint is `model.ckpt-STEP.index` with its data beside it; the index is renamed into place last, so that it never
    stands for data that is not there.

    Args:
        folder: Made with the first checkpoint.
        keep: The last so many are kept; None keeps all.
        keep_every_hours: Of those that are older, one in so many hours stays for good; None for none.

    Raises:
        InputError: `keep` is less than 1.
    """

    def __init__(self, folder: Path, keep: int | None = 5, keep_every_hours: float | None = None) -> None:
        if keep is not None and keep < 1:
            raise InputError(f"at least 1 checkpoint must be kept. Received: keep={keep}")
        self.folder = Path(folder)
        self._keep, self._keep_every_hours = keep, keep_every_hours
        self._stayed, self._for_good = time.time(), set[int]()

    def steps(self) -> list[int]:
        """Steps of the checkpoints that are there, the oldest first."""
        names = (path.name[len(_PREFIX) : -len(_INDEX)] for path in self.folder.glob(f"{_PREFIX}*{_INDEX}"))
        return sorted(int(name) for name in names if name.isdecimal())

    def prefix(self, step: int) -> str:
        """The name of a checkpoint, as TensorFlow takes it."""
        return str(self.folder / f"{_PREFIX}{step}")

    def save(self, step: int, tensors: Mapping[str, Any], notes: Mapping[str, Any] | None = None) -> str:
        """Saves what training stands at, and gives the checkpoint's name.

        Args:
            step: Updates that are done.
            tensors: Tensors, variables or arrays by name; none may hold NaN or infinity, so that the last checkpoint is
                always one to go on from.
            notes: JSON values.

        Raises:
            WorkError: A tensor is not finite, or the disk is full; the checkpoints from before are untouched.
        """
        values = {name: tf.convert_to_tensor(value) for name, value in tensors.items()}
        for name, value in values.items():
            if value.dtype.is_floating and not bool(tf.reduce_all(tf.math.is_finite(value))):
                raise WorkError(f"what is saved must be finite. Received: NaN or infinity in `{name}` at step {step}")
        if notes is not None:
            values[_NOTES] = tf.constant(json_text(notes, "the notes of a checkpoint"))
        partial = self.folder / _PARTIAL
        try:
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            _write(str(partial / "saved"), values)
            sync_tree(partial)
            os.replace(partial / f"saved{_DATA}", self.prefix(step) + _DATA)
            os.replace(partial / f"saved{_INDEX}", self.prefix(step) + _INDEX)
            sync_folder(self.folder)
        except (OSError, tf.errors.OpError) as error:
            raise WorkError(f"cannot write a checkpoint in {self.folder}: {_reason(error)}") from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        self._settle()
        return self.prefix(step)

    def load(self, step: int) -> Checkpoint:
        """Reads a checkpoint.

        Raises:
            InputError: There is none of that step.
            IntegrityError: It is cut or changed.
        """
        if step not in self.steps():
            have = ", ".join(map(str, self.steps())) or "none"
            raise InputError(f"{self.folder} must hold a checkpoint of step {step}. Received: {have}")
        try:
            reader = tf.train.load_checkpoint(self.prefix(step))
            found = {name: reader.get_tensor(name) for name in sorted(reader.get_variable_to_shape_map())}
        except Exception as error:  # TensorFlow's reader raises what Python happens to map its errors to
            raise IntegrityError(f"the checkpoint {self.prefix(step)} is cut or changed: {_reason(error)}") from error
        notes = json.loads(found.pop(_NOTES, b"{}"))
        return Checkpoint(step, found, notes)

    def latest(self) -> tuple[Checkpoint | None, list[str]]:
        """The newest checkpoint that can be read, or None where there is none, and what is wrong with newer ones.

        Raises:
            IntegrityError: There are some, and all are cut or changed.
        """
        wrong: list[str] = []
        for step in reversed(self.steps()):
            try:
                return self.load(step), wrong
            except IntegrityError as error:
                wrong.append(str(error))
        if wrong:
            raise IntegrityError("\n".join(wrong))
        return None, wrong

    def _settle(self) -> None:
        """Removes what is older than what is kept, and names the rest in the file `checkpoint`."""
        steps = self.steps()
        kept = steps[-self._keep :] if self._keep else steps
        write_atomic(self.folder / "checkpoint", _listing(kept).encode())
        for step in sorted(set(steps) - set(kept) - self._for_good):
            if not self._stays(step):
                os.unlink(self.prefix(step) + _INDEX)
        for path in self.folder.glob(f"{_PREFIX}*{_DATA}"):
            if not Path(str(path).removesuffix(_DATA) + _INDEX).exists():
                with suppress(FileNotFoundError):
                    path.unlink()

    def _stays(self, step: int) -> bool:
        """Whether a checkpoint stays for good, since the last one that does is old enough."""
        written = os.path.getmtime(self.prefix(step) + _INDEX)
        if self._keep_every_hours is None or written < self._stayed + self._keep_every_hours * 3600:
            return False
        self._stayed = written
        self._for_good.add(step)
        return True


def _write(prefix: str, values: Mapping[str, Any]) -> None:
    names = sorted(values)
    tf.raw_ops.SaveV2(
        prefix=prefix,
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=[values[name] for name in names],
    )


def _listing(steps: Sequence[int]) -> str:
    """The file by which TensorFlow finds the newest checkpoint."""
    lines = [f'model_checkpoint_path: "{_PREFIX}{steps[-1]}"']
    lines += [f'all_model_checkpoint_paths: "{_PREFIX}{step}"' for step in steps]
    return "\n".join(lines) + "\n"


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error).splitlines()[0]
