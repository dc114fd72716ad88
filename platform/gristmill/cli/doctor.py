"""`gristmill doctor`: what is installed, what is missing for which part, and the command that mends it."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING

import typer

from gristmill.cli.output import JsonOption, print_table, verb

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["Finding", "doctor", "examine"]

_PACKAGES = {
    "ingest": ("apache-beam", "pyarrow", "isal", "google-crc32c", "datasketches"),
    "fetch": ("pip", "platformdirs"),
    "train": ("tensorflow", "keras", "numpy", "scipy", "scikit-learn"),
    "lite": ("ai-edge-litert",),
    "runs": ("huggingface-hub", "jinja2", "pydantic", "pyyaml"),
    "dashboard": ("streamlit", "altair", "pandas"),
}
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Finding:
    """One thing that a part needs."""

    part: str
    needs: str
    found: str
    ok: bool
    mend: str = ""
    """The command that mends it."""


def doctor(as_json: JsonOption = False) -> None:
    """Tell what is installed, what is missing for which part, and what mends it."""
    with verb(as_json) as call:
        findings = examine()
        needed = [finding for finding in findings if not finding.ok and finding.part != "tests"]

        def show() -> None:
            rows = [[f.part, f.needs, f.found, "ok" if f.ok else f.mend] for f in findings]
            print_table(["part", "needs", "found", "state, or what mends it"], rows)
            typer.echo("all parts can run" if not needed else f"{len(needed)} things are missing")

        call.result({"ok": not needed, "findings": [asdict(finding) for finding in findings]}, show)
    if needed:
        raise typer.Exit(1)


def examine() -> list[Finding]:
    """Looks at Python, the packages of each part, the installed apps, and the browser that one test drives."""
    supported = (3, 11) <= sys.version_info[:2] <= (3, 12)
    findings = [
        Finding(
            "all", "Python 3.11 or 3.12", sys.version.split()[0], supported, "install Python 3.11, then: make install"
        )
    ]
    for part, packages in _PACKAGES.items():
        findings += [_package(part, name) for name in packages]
    findings += _apps()
    browser = next((path for name in _BROWSERS if (path := shutil.which(name))), "")
    findings.append(Finding("tests", "Chromium", browser or "missing", bool(browser), "apt-get install chromium"))
    return findings


def _package(part: str, name: str) -> Finding:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return Finding(part, name, version(name), True)
    except PackageNotFoundError:
        return Finding(part, name, "missing", False, "make install")


def _apps() -> list[Finding]:
    from importlib.metadata import entry_points

    from gristmill import app
    from gristmill.cli import verbs

    findings = [_entry("apps", point, point.load) for point in entry_points(group=app.ENTRY_POINTS)]
    findings = findings or [Finding("apps", "an app", "none", False, "make install")]
    return findings + [
        _entry("verbs", point, partial(verbs.load_verb, point)) for point in entry_points(group=verbs.ENTRY_POINTS)
    ]


def _entry(part: str, point: "EntryPoint", load: Callable[[], object]) -> Finding:
    try:
        load()
    except Exception as error:  # whatever a foreign app raises is what is wrong with it
        return Finding(part, point.name, f"{type(error).__name__}: {error}", False, "reinstall its package")
    return Finding(part, point.name, point.value, True)
