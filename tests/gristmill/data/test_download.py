"""A download goes on where an earlier one stopped, and what comes is checked by its hash."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gristmill.data.download import download
from gristmill.errors import IntegrityError, WorkError

CONTENT = bytes(range(256)) * 40
DIGEST = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


class _Server(ThreadingHTTPServer):
    ranges: list[str | None]


class _Handler(BaseHTTPRequestHandler):
    """Serves `CONTENT` at /whole (with ranges), /plain (without), /short and /chunked (which break off)."""

    server: _Server

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.ranges.append(asked)
        if self.path not in ("/whole", "/plain", "/short", "/chunked"):
            self.send_error(404)
            return
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.path != "/plain" else 0
        if start >= len(CONTENT):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        body = CONTENT[start:]
        if self.path == "/chunked":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"ff\r\n" + body[:10])
        else:
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body if self.path != "/short" else body[:1000])
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Says nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with _Server(("127.0.0.1", 0), _Handler) as made:
        made.ranges = []
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def _url(server: _Server, path: str) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}/{path}"


def test_a_file_comes_once(server: _Server, tmp_path: Path) -> None:
    target = tmp_path / "new" / "file"
    for _ in range(2):
        assert download(_url(server, "whole"), DIGEST, target) == target
    assert target.read_bytes() == CONTENT
    assert server.ranges == [None]
    assert [path.name for path in target.parent.iterdir()] == ["file"]


@pytest.mark.parametrize(("path", "have"), [("whole", 3000), ("plain", 3000), ("whole", len(CONTENT))])
def test_what_came_before_is_not_asked_for_again(server: _Server, tmp_path: Path, path: str, have: int) -> None:
    (tmp_path / "file.part").write_bytes(CONTENT[:have])
    download(_url(server, path), DIGEST, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert server.ranges == [f"bytes={have}-"]


def test_a_file_of_another_hash_is_fetched_anew(server: _Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    download(_url(server, "whole"), DIGEST, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_wrong_hash_is_an_error_and_nothing_stays(server: _Server, tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match=f"hash must be md5:0. Received: md5:{hashlib.md5(CONTENT).hexdigest()}"):
        download(_url(server, "whole"), "md5:0", tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


def test_a_transfer_that_breaks_off_is_taken_up_again(server: _Server, tmp_path: Path) -> None:
    with pytest.raises(WorkError, match=r"/short cannot be downloaded: .*broke off after 1000 of 10240 bytes"):
        download(_url(server, "short"), DIGEST, tmp_path / "file")
    assert (tmp_path / "file.part").read_bytes() == CONTENT[:1000]
    download(_url(server, "whole"), DIGEST, tmp_path / "file")
    assert server.ranges == [None, "bytes=1000-"]


def test_an_address_that_does_not_serve_is_named(server: _Server, tmp_path: Path) -> None:
    with pytest.raises(WorkError, match=r"/none cannot be downloaded: .*404"):
        download(_url(server, "none"), DIGEST, tmp_path / "file")
    with pytest.raises(WorkError, match="/chunked cannot be downloaded"):
        download(_url(server, "chunked"), DIGEST, tmp_path / "file")
    (tmp_path / "taken").touch()
    with pytest.raises(WorkError, match="cannot be downloaded"):
        download(_url(server, "whole"), DIGEST, tmp_path / "taken" / "file")
    with pytest.raises(WorkError, match="cannot be downloaded"):
        download("http://127.0.0.1:1/", DIGEST, tmp_path / "file")
