"""The hidden folder in which a run or a dataset is put together, and the renames that put it in place.

    .NAME.partial   what is being written, held through the lock file inside it
    NAME            the finished folder
    .NAME.backup    what the new one replaces, between the two renames of `swap`

A process that dies at any point leaves either the old folder under its name, or `.NAME.backup` alone, which
`settle` puts back; a `.NAME.partial` whose lock nobody holds is taken over and emptied by the next writer.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from gristmill.errors import InputError, WorkError
from gristmill.files import sync_folder, sync_tree

LOCK = ".lock"

Result = TypeVar("Result")


def partial_path(out: Path) -> Path:
    """Returns where the folder `out` stands while it is being written."""
    return out.with_name(f".{out.name}.partial")


def backup_path(out: Path) -> Path:
    """Returns where the folder `out` stands while an amended one takes its place."""
    return out.with_name(f".{out.name}.backup")


def hold(out: Path, keep: str = "") -> int:
    """Makes the temporary folder of `out`, empty and locked, and returns the descriptor of the lock.

    Only the folder `keep` in it stays, where a dead process left one.

    What a dead process left is removed, and the folder that it may have moved aside is put back. The lock is
    taken before anything is touched and compared with the name afterwards, so of two processes that start
    together one wins and the other is refused.

    Raises:
        InputError: A living process is writing this folder, or the folder cannot be made.
    """
    folder = partial_path(out)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        while True:
            with suppress(FileExistsError):
                folder.mkdir()
            with suppress(FileNotFoundError):
                lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
                if _take(lock, folder / LOCK):
                    _restore(out)
                    _empty(folder, keep)
                    return lock
    except BlockingIOError:
        raise InputError(f"another process is writing {out}; wait until it ends or choose another folder") from None
    except OSError as error:
        raise InputError(f"cannot make {out}: {error.strerror} ({error.filename})") from error


def _take(lock: int, path: Path) -> bool:
    """Locks the descriptor without waiting, and tells whether it is still the file at `path`."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(lock), os.stat(path)):
            return True
    except OSError:
        os.close(lock)
        raise
    os.close(lock)
    return False


def _empty(folder: Path, keep: str = "") -> None:
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            if entry.name != keep:
                shutil.rmtree(entry.path)
        elif entry.name != LOCK:
            os.unlink(entry.path)


def drop(out: Path, lock: int) -> None:
    """Removes the temporary folder and lets go of its lock; the lock file goes last."""
    folder = partial_path(out)
    with suppress(OSError):
        _empty(folder)
        os.unlink(folder / LOCK)
        os.rmdir(folder)
    os.close(lock)


def leave(lock: int) -> None:
    """Lets go of the temporary folder, which stays for a writer that goes on with it."""
    os.close(lock)


def place(out: Path, lock: int) -> None:
    """Renames the finished temporary folder to `out`, where nothing but an empty folder may stand."""
    sync_tree(partial_path(out))
    os.rename(partial_path(out), out)
    _finish(out, lock)


def swap(out: Path, lock: int) -> None:
    """Puts the finished temporary folder in the place of the folder `out`.

    A writer keeps the lock, by then inside `out`, until its backup is removed; the next one waits for that.

    Raises:
        WorkError: The folder cannot be renamed; the old one stands as before.
    """
    backup = backup_path(out)
    sync_tree(partial_path(out))
    with _waiting(out / LOCK):
        shutil.rmtree(backup, ignore_errors=True)
    os.rename(out, backup)
    try:
        os.rename(partial_path(out), out)
    except OSError as error:
        os.rename(backup, out)
        raise WorkError(f"cannot replace {out}: {error.strerror}") from error
    _finish(out, lock)


def _finish(out: Path, lock: int) -> None:
    sync_folder(out.parent)
    shutil.rmtree(backup_path(out), ignore_errors=True)
    os.unlink(out / LOCK)
    os.close(lock)


def tidy(out: Path) -> None:
    """Removes what is left of the writer of the finished folder `out` if it was killed; waits while it lives."""
    with _waiting(out / LOCK):
        shutil.rmtree(backup_path(out), ignore_errors=True)
        with suppress(FileNotFoundError):
            os.unlink(out / LOCK)


@contextmanager
def _waiting(path: Path) -> Iterator[None]:
    """Holds the lock file `path` as soon as its owner lets go of it; a file that is not there is free."""
    try:
        lock = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        yield
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def settle(out: Path) -> None:
    """Puts back a folder that a killed `swap` had moved aside; waits while a living process is swapping."""
    out = Path(os.path.abspath(out))
    if not out.name or out.exists() or not backup_path(out).exists():
        return
    with _waiting(partial_path(out) / LOCK):
        _restore(out)


def _restore(out: Path) -> None:
    if not out.exists():
        with suppress(FileNotFoundError):
            os.rename(backup_path(out), out)


def steadily(out: Path, read: Callable[[], Result]) -> Result:
    """Returns what `read` returns or raises what it raises, once no `swap` fell between its looks.

    Without this, the list of the old run could be held against the files of the new one.
    """
    while True:
        settle(out)
        before = _identity(out)
        try:
            result = read()
        except Exception:
            if _identity(out) == before:
                raise
        else:
            if _identity(out) == before:
                return result


def _identity(out: Path) -> tuple[int, int, int] | None:
    """Tells one folder of this name from the next; a rename sets the time, as inode numbers recur."""
    try:
        found = os.stat(out)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_ctime_ns
