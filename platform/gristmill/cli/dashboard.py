"""`gristmill dashboard`: the Streamlit pages over this folder's runs and datasets."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from gristmill.cli.output import verb

__all__ = ["dashboard", "streamlit_command"]


def dashboard(
    runs: Annotated[Path, typer.Option(help="Folder of runs.")] = Path("runs"),
    datasets: Annotated[Path, typer.Option(help="Folder of datasets.")] = Path("datasets"),
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 8501,
    headless: Annotated[bool, typer.Option(help="Do not open a browser.")] = False,
) -> None:
    """Open the dashboard in the browser; it listens on this machine only."""
    with verb():
        environment = os.environ | {"GRISTMILL_RUNS": str(runs), "GRISTMILL_DATASETS": str(datasets)}
        typer.echo(f"dashboard: http://127.0.0.1:{port}  (stop it with Ctrl-C)")
        done = subprocess.run(streamlit_command(port, headless), env=environment)
        if done.returncode:
            raise typer.Exit(1)


def streamlit_command(port: int, headless: bool) -> list[str]:
    """The command that serves the pages: on loopback, without usage statistics, errors without details.

    Raises:
        InputError: The dashboards are not installed.
    """
    from gristmill.errors import InputError

    found = importlib.util.find_spec("dashboards")
    if found is None or not found.submodule_search_locations:
        raise InputError("the package `dashboards` is not installed; `make install` installs it")
    settings = {
        "server.address": "127.0.0.1",
        "server.port": str(port),
        "server.headless": str(headless).lower(),
        "server.showEmailPrompt": "false",
        "server.maxUploadSize": "20",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "client.showErrorDetails": "none",
        "client.toolbarMode": "minimal",
    }
    page = Path(found.submodule_search_locations[0]) / "app.py"
    options = [item for name, value in settings.items() for item in (f"--{name}", value)]
    return [sys.executable, "-m", "streamlit", "run", str(page), *options]
