"""`files.sha256`: the list of the files that make up a run, in the format of the `sha256sum` command."""

import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from gristmill.errors import InputError, WorkError
from gristmill.files import sha256_file, write_atomic
from gristmill.staging import LOCK

MANIFEST = "files.sha256"
REQUIRED = ("config.json", "lineage.json")

_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


def looks_like_run(folder: Path) -> bool:
    """Tells a run folder, whole or broken, from any other folder."""
    return (folder / MANIFEST).is_file() or all((folder / name).is_file() for name in REQUIRED)


def scan(folder: Path) -> tuple[list[str], dict[str, str]]:
    """Lists what a run folder holds, as relative paths with forward slashes.

    Returns:
        The plain files, sorted, without the list itself and the lock; and, by name, what cannot belong to a
        run with the rule that it breaks (a link, a device, a name that `sha256sum` would have to escape).
    """
    files, odd = [], {}
    for parent, folders, names in os.walk(folder):
        links = [name for name in folders if os.path.islink(os.path.join(parent, name))]
        for name in names + links:
            path = Path(parent, name)
            relative = path.relative_to(folder).as_posix()
            if path.is_symlink() or not path.is_file():
                odd[relative] = "is neither a plain file nor a folder"
            elif not relative.isprintable() or "\\" in relative:
                odd[relative] = "has a name with a backslash or an unprintable character"
            else:
                files.append(relative)
    return sorted(set(files) - {MANIFEST, LOCK}), odd


def write_manifest(folder: Path, known: Mapping[str, str] | None = None) -> None:
    """Writes `files.sha256`, sorted, with every file but itself.

    Args:
        folder: The run folder.
        known: Hashes that are taken over as they stand, so that damage to such a file still shows.

    Raises:
        WorkError: Something in the folder cannot belong to a run, or a file that every run has is missing.
    """
    known = known or {}
    files, odd = scan(folder)
    for name, rule in odd.items():
        raise WorkError(f"cannot finish the run: {name!r} {rule}")
    for name in REQUIRED:
        if name not in files:
            raise WorkError(f"cannot finish the run: `{name}` was not written, and every run has one")
    lines = [f"{known.get(name) or sha256_file(folder / name)}  {name}\n" for name in files]
    write_atomic(folder / MANIFEST, "".join(lines).encode())


def read_manifest(folder: Path) -> dict[str, str]:
    """Reads `files.sha256` as {relative path: sha256}, without looking at the files themselves.

    Raises:
        InputError: The folder is not there or is no run.
        ValueError: The list is missing from a run or is damaged; the text is the rule that it breaks.
    """
    if not folder.is_dir():
        raise InputError(f"no run at {folder}: there is no such folder")
    if not looks_like_run(folder):
        raise InputError(f"{folder} is no run: it has no `{MANIFEST}`. `gristmill train` makes a run")
    try:
        text = (folder / MANIFEST).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ValueError("is missing") from None
    *lines, end = text.split("\n")
    if end:
        raise ValueError("is cut: its last line has no end")
    return dict(_entry(line, number) for number, line in enumerate(lines, start=1))


def _entry(line: str, number: int) -> tuple[str, str]:
    match = _LINE.fullmatch(line)
    path = PurePosixPath(match[2]) if match else PurePosixPath("..")
    if not match or path.is_absolute() or ".." in path.parts:
        raise ValueError(f"is damaged in line {number}: {line[:100]!r}")
    return match[2], match[1]
