"""Checks that a run folder is still exactly what was written."""

from dataclasses import dataclass
from pathlib import Path

from gristmill.errors import IntegrityError
from gristmill.files import sha256_file
from gristmill.runs.manifest import MANIFEST, REQUIRED, read_manifest, scan
from gristmill.staging import steadily


@dataclass(frozen=True)
class Problem:
    """One file of a run that is not as it was written.

    Attributes:
        file: Path relative to the run folder, with forward slashes.
        rule: What is wrong with it: "is missing", "is cut or changed", "is not listed in files.sha256" ...
        expected: The SHA-256 that `files.sha256` gives, or an empty text.
        actual: The SHA-256 of the file as it stands, or an empty text.
    """

    file: str
    rule: str
    expected: str = ""
    actual: str = ""

    def __str__(self) -> str:
        expected = f": sha256 expected {self.expected[:12]}…" if self.expected else ""
        actual = f", actual {self.actual[:12]}…" if self.actual else ""
        return f"`{self.file}` {self.rule}{expected}{actual}"


def verify(path: Path) -> list[Problem]:
    """Compares a run folder with its `files.sha256` and returns all that differs, sorted by file.

    Raises:
        InputError: The folder is not there or is no run.
    """
    folder = Path(path)
    return steadily(folder, lambda: _problems(folder))


def _problems(folder: Path) -> list[Problem]:
    try:
        expected = read_manifest(folder)
    except ValueError as error:
        return [Problem(MANIFEST, str(error))]
    files, odd = scan(folder)
    problems = [Problem(name, rule) for name, rule in odd.items()]
    unlisted = sorted({*files, *REQUIRED} - expected.keys())
    problems += [Problem(name, f"is not listed in {MANIFEST}") for name in unlisted]
    for name in expected.keys() - odd.keys():
        problems += _compare(folder, name, expected[name])
    return sorted(problems, key=lambda problem: problem.file)


def _compare(folder: Path, name: str, expected: str) -> list[Problem]:
    try:
        actual = sha256_file(folder / name)
    except FileNotFoundError:
        return [Problem(name, "is missing", expected)]
    except OSError as error:
        return [Problem(name, f"cannot be read ({error.strerror})", expected)]
    return [] if actual == expected else [Problem(name, "is cut or changed", expected, actual)]


def checked_files(path: Path) -> dict[str, str]:
    """Returns {relative path: sha256} of a run after comparing every file.

    Raises:
        InputError: The folder is not there or is no run.
        IntegrityError: A file is missing, cut, changed or added; the error names the first, counts the rest.
    """
    problems = verify(path)
    if problems:
        more = f" (and {len(problems) - 1} more: see `gristmill runs verify`)" if len(problems) > 1 else ""
        raise IntegrityError(f"run {path}: {problems[0]}{more}")
    return read_manifest(Path(path))


def listed_files(path: Path) -> dict[str, str]:
    """Returns {relative path: sha256} of a run as listed, without comparing anything."""
    try:
        return read_manifest(Path(path))
    except ValueError as error:
        raise IntegrityError(f"run {path}: {Problem(MANIFEST, str(error))}") from error
