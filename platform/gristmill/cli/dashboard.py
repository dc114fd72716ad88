"""`gristmill dashboard`: the Streamlit pages over this folder's runs and datasets."""

import importlib.util
import os
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from gristmill.cli.output import JsonOption, verb
from gristmill.errors import InputError

__all__ = ["dashboard"]


def dashboard(
    runs: Annotated[Path, typer.Option(help="Folder of runs.")] = Path("runs"),
    datasets: Annotated[Path, typer.Option(help="Folder of datasets.")] = Path("datasets"),
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 8501,
    headless: Annotated[bool, typer.Option(help="Do not open a browser.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Open the dashboard in the browser; it listens on this machine only."""
    with verb(as_json) as call:
        command = _streamlit_command(port, headless)
        _check_free(port)
        url = f"http://127.0.0.1:{port}"
        call.result({"url": url}, lambda: typer.echo(f"dashboard: {url}  (stop it with Ctrl-C)"))
    environment = os.environ | {"GRISTMILL_RUNS": str(runs), "GRISTMILL_DATASETS": str(datasets)}
    sys.stdout.flush()
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    os.execve(command[0], command, environment)  # what stops this process is to stop the server


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise InputError(f"--port must be a free port of this machine. Received: {port} ({error})") from error


def _streamlit_command(port: int, headless: bool) -> list[str]:
    """The command that serves the pages: on loopback, without usage statistics, errors without details.

    Raises:
        InputError: The dashboards are not installed.
    """
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
        "logger.hideWelcomeMessage": "true",
    }
    page = Path(found.submodule_search_locations[0]) / "app.py"
    options = [item for name, value in settings.items() for item in (f"--{name}", value)]
    return [sys.executable, "-m", "streamlit", "run", str(page), *options]
