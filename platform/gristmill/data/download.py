"""One file from a URL, resumed where an earlier call stopped, and checked by its hash."""

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from pathlib import Path

from gristmill.errors import IntegrityError, WorkError

__all__ = ["download", "has_digest"]

_BLOCK_BYTES = 1 << 20
_TIMEOUT_SECONDS = 30


def download(url: str, digest: str, path: Path) -> Path:
    """Downloads `url` to `path`; a file of the right hash that is there already stays.

    What came before an interruption is kept beside it as `NAME.part`, and the next call asks the server for the rest.

    Args:
        url: Address of the file; proxies come from the environment.
        digest: `ALGORITHM:HEX`, such as `sha256:...`.
        path: Where to put it; its folder is made.

    Raises:
        WorkError: The address cannot be reached or the transfer broke off.
        IntegrityError: The file that came has another hash; it is removed.
    """
    if has_digest(path, digest):
        return path
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _transfer(url, part)
    except (OSError, http.client.HTTPException) as error:
        raise WorkError(f"{url} cannot be downloaded: {error}") from error
    actual = _digest(part, digest)
    if actual != digest:
        part.unlink()
        raise IntegrityError(f"{url}: hash must be {digest}. Received: {actual}")
    os.replace(part, path)
    return path


def has_digest(path: Path, digest: str) -> bool:
    """Whether a file is there and has this hash (`ALGORITHM:HEX`)."""
    return path.is_file() and _digest(path, digest) == digest


def _transfer(url: str, part: Path) -> None:
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response = urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        if error.code == 416 and have:  # the part is whole already; its hash decides
            return
        raise
    with response, open(part, "ab" if response.status == 206 else "wb") as file:
        while block := response.read(_BLOCK_BYTES):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
        expected = response.headers.get("Content-Length")
        got = file.tell() - (have if response.status == 206 else 0)
    if expected is not None and got != int(expected):
        raise OSError(f"the transfer broke off after {got} of {expected} bytes")


def _digest(path: Path, like: str) -> str:
    algorithm = like.partition(":")[0]
    with open(path, "rb") as file:
        return f"{algorithm}:{hashlib.file_digest(file, algorithm).hexdigest()}"
