"""Where a run comes from: its data, its code, and the packages and machine that made it."""

import os
import platform
import subprocess
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gristmill.errors import WorkError


@dataclass(frozen=True)
class DatasetOrigin:
    """The dataset that a run was trained on, as its manifest has it.

    Attributes:
        name: Short name, such as "movielens-100k".
        manifest_sha256: SHA-256 of the dataset's `manifest.json`, which itself holds the hash of every shard.
        read: Records that the sources held.
        written: Records that went into the dataset.
        quarantined: Records that were set aside with a reason.
        licence: Licence of the data in a few words, or an empty text.

    Raises:
        WorkError: A record is unaccounted for: `read` is not `written` + `quarantined`.
    """

    name: str
    manifest_sha256: str
    read: int
    written: int
    quarantined: int
    licence: str = ""

    def __post_init__(self) -> None:
        if self.read != self.written + self.quarantined:
            raise WorkError(
                f"dataset {self.name}: read must be written + quarantined. "
                f"Received: read={self.read}, written={self.written}, quarantined={self.quarantined}"
            )


def collect_lineage(dataset: DatasetOrigin | None = None) -> dict[str, Any]:
    """Returns what `lineage.json` holds; nothing in it names the machine or a folder of it.

    Returns:
        `created` (UTC, ISO 8601), `dataset` (the fields of `DatasetOrigin`, or None), `code` (`version`,
        `commit` and `changed`, see `code_version`), `packages` ({name: version} of all that is installed),
        `python` and `platform` (system, processor and C library).
    """
    return {
        "created": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "dataset": asdict(dataset) if dataset else None,
        "code": code_version(Path(__file__).parents[1]),
        "packages": _packages(),
        "python": platform.python_version(),
        "platform": " ".join(filter(None, [platform.system(), platform.machine(), *platform.libc_ver()])),
    }


def code_version(package: Path) -> dict[str, Any]:
    """Returns the version of gristmill and, if the folder `package` is under git, its commit.

    `changed` tells whether anything in the folder differs from that commit. Both are None without git, before
    a first commit, and for a package that a checkout does not track, as in a project's virtual environment.
    """
    from importlib.metadata import PackageNotFoundError, version

    try:
        installed = version("gristmill")
    except PackageNotFoundError:
        installed = "unknown"
    tracked = _git(package, "ls-files", "--error-unmatch", "__init__.py") is not None
    commit = _git(package, "rev-parse", "--verify", "HEAD") if tracked else None
    changed = bool(_git(package, "status", "--porcelain", "--", ".")) if commit else None
    return {"version": installed, "commit": commit, "changed": changed}


def _git(folder: Path, *arguments: str) -> str | None:
    elsewhere = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"}
    environment = {name: value for name, value in os.environ.items() if name not in elsewhere}
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", "-C", str(folder), *arguments],
            env=environment, capture_output=True, text=True, timeout=10, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _packages() -> dict[str, str]:
    from importlib.metadata import distributions

    found = {item.name: item.version for item in distributions() if item.name}
    return dict(sorted(found.items(), key=lambda pair: pair[0].lower()))
