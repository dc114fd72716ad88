"""The real server, driven by the system's Chromium: every page shows, and nothing leaves this machine."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PAGES = {
    "": "Runs",
    "data": "Data",
    "app-recommend": "Recommend",
    "app-datacenter": "Data centre",
    "app-translation": "Translation",
}
SHOWN = {
    "": "All metrics of first on test",
    "data": "events.csv",
    "app-recommend": "Quality on test",
    "app-datacenter": "There are no runs of the data centre",
    "app-translation": "There are no runs of translation",
}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def server(
    make_run: Callable[..., Path], dataset: Path, tmp_path: Path
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """`gristmill dashboard` over one run and one dataset: its address, and its process."""
    make_run("first")
    port = free_port()
    log = tmp_path / "server.log"
    command = [sys.executable, "-m", "gristmill.cli", "dashboard", "--headless", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=tmp_path)
    try:
        wait_until_up(f"http://127.0.0.1:{port}/_stcore/health", process, log)
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.terminate()
        process.wait(30)


def test_what_stops_the_command_stops_the_server(server: tuple[str, subprocess.Popen[bytes]]) -> None:
    address, process = server
    process.terminate()
    process.wait(30)
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(address)


def wait_until_up(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        assert server.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(url):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the server did not come up: {log.read_text()}")


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium")
def test_every_page_shows_and_no_request_leaves_this_machine(server: tuple[str, subprocess.Popen[bytes]]) -> None:
    address, _ = server
    from playwright.sync_api import Route, expect, sync_playwright

    elsewhere: list[str] = []

    def keep_inside(route: Route) -> None:
        parts = urlsplit(route.request.url)
        if parts.scheme in ("data", "blob") or parts.hostname == "127.0.0.1":
            route.continue_()
        else:
            elsewhere.append(route.request.url)
            route.abort()

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS, env=dict(os.environ))
        try:
            context = browser.new_context()
            context.route("**/*", keep_inside)
            for path, title in PAGES.items():
                page = context.new_page()
                page.goto(f"{address}/{path}")
                expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible(timeout=90_000)
                expect(page.get_by_text(SHOWN[path], exact=False).first).to_be_attached(timeout=90_000)
                expect(page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]')).to_be_attached()
                expect(page.get_by_role("link", name="Recommend")).to_be_visible()
                expect(page.get_by_test_id("stException")).to_have_count(0)
                page.close()
        finally:
            browser.close()
    assert elsewhere == []
