"""Progress: what is being done and how far it is, on standard error, as bars on a terminal and as lines elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

__all__ = ["Lines", "Progress", "Silent", "Task", "Terminal", "progress_for"]

_LINE_SECONDS = 10.0


class Task(Protocol):
    """One piece of work under way."""

    def advance(self, amount: float = 1, note: str = "") -> None:
        """Tells that `amount` more of the total is done, and a short note such as the loss."""


class Progress(Protocol):
    """Where work tells what it is doing."""

    def line(self, text: str) -> None:
        """Tells one fact that shall stay on the screen."""

    @contextmanager
    def task(self, title: str, total: float | None = None) -> Iterator[Task]:
        """Shows a piece of work while the body runs; without `total` only the time is shown."""
        yield _Quiet()


class _Quiet:
    def advance(self, amount: float = 1, note: str = "") -> None:
        """Says nothing."""


class Silent:
    """Says nothing, for `--quiet` and for callers that want none."""

    def line(self, text: str) -> None:
        """Says nothing."""

    @contextmanager
    def task(self, title: str, total: float | None = None) -> Iterator[Task]:
        """Says nothing."""
        yield _Quiet()


class Lines:
    """Plain lines for logs and pipes: one at the start of a task, one every ten seconds, one at its end."""

    def line(self, text: str) -> None:
        """Prints the fact."""
        print(text, file=sys.stderr, flush=True)

    @contextmanager
    def task(self, title: str, total: float | None = None) -> Iterator[Task]:
        """Prints the task's start, how far it is, and its end with the seconds it took."""
        self.line(f"{title} …")
        start = time.monotonic()
        yield _LineTask(title, total, self)
        self.line(f"{title}: done in {time.monotonic() - start:.1f} s")


class _LineTask:
    def __init__(self, title: str, total: float | None, lines: Lines) -> None:
        self.title, self.total, self.lines = title, total, lines
        self.done, self.start = 0.0, time.monotonic()
        self.last = self.start

    def advance(self, amount: float = 1, note: str = "") -> None:
        self.done += amount
        now = time.monotonic()
        if now - self.last >= _LINE_SECONDS:
            self.last = now
            self.lines.line(f"{self.title}: {self._how_far(now - self.start)} {note}".rstrip())

    def _how_far(self, elapsed: float) -> str:
        if not self.total:
            return f"{self.done:g} after {elapsed:.0f} s"
        so_far = f"{100 * self.done / self.total:.0f}%, {elapsed:.0f} s"
        return f"{so_far}, {elapsed * (self.total - self.done) / self.done:.0f} s left" if self.done else so_far


class Terminal:
    """Bars with time left, on a terminal."""

    def __init__(self) -> None:
        from rich.console import Console

        self.console = Console(stderr=True, highlight=False, emoji=False)

    def line(self, text: str) -> None:
        """Prints the fact."""
        self.console.print(text, markup=False, soft_wrap=True)

    @contextmanager
    def task(self, title: str, total: float | None = None) -> Iterator[Task]:
        """Shows a bar (or a spinner where the total is not known) while the body runs."""
        from rich import progress as bars

        columns = [
            bars.SpinnerColumn(finished_text="✓"),
            bars.TextColumn("{task.description}", markup=False),
            *([bars.BarColumn(), bars.TaskProgressColumn(), bars.TimeRemainingColumn()] if total else []),
            bars.TimeElapsedColumn(),
            bars.TextColumn("{task.fields[note]}", markup=False),
        ]
        with bars.Progress(*columns, console=self.console) as shown:
            index = shown.add_task(title, total=total, note="")
            yield _Bar(shown, index)
            shown.update(index, total=total or 1, completed=total or 1)


class _Bar:
    def __init__(self, shown: "RichProgress", index: int) -> None:
        from rich.progress import TaskID

        self.shown, self.index = shown, TaskID(index)

    def advance(self, amount: float = 1, note: str = "") -> None:
        self.shown.update(self.index, advance=amount, note=note)


def progress_for(quiet: bool) -> Progress:
    """The progress that fits where the program runs."""
    if quiet:
        return Silent()
    return Terminal() if sys.stderr.isatty() else Lines()
