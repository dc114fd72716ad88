"""What every verb shares: its options, its one JSON object, its tables, and errors as exit statuses."""

import json
import logging
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Any, Literal

import typer

from gristmill.errors import GristmillError, LostError
from gristmill.launch import is_launched
from gristmill.progress import Progress, progress_for

__all__ = ["JsonOption", "QuietOption", "Verb", "print_table", "program_name", "verb"]

_SHOWN_BYTES = 8000
_LOG_WIDTH = 140
_NARROW = 100
"""Terminals up to this width get tables without gaps."""
_WHOLE_CHARACTERS = 20
"""Cells up to this length are never broken; headings only at their spaces."""

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output, and nothing else.")]
QuietOption = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]


class Verb:
    """One call of a verb: where it tells how it goes and what came of it."""

    def __init__(self, as_json: bool, quiet: bool) -> None:
        self.as_json = as_json
        self.progress: Progress = progress_for(quiet)
        self._result: Mapping[str, Any] | None = None

    def result(self, values: Mapping[str, Any], show: Callable[[], None]) -> None:
        """Keeps the JSON object, or shows the result to a person."""
        self._result = values
        if not self.as_json:
            show()

    def finish(self) -> None:
        """Prints the JSON object, where it was asked for."""
        if self.as_json:
            sys.stdout.write(json.dumps(self._result, ensure_ascii=False, default=str) + "\n")
            sys.stdout.flush()


@contextmanager
def verb(as_json: bool = False, quiet: bool = False) -> Iterator[Verb]:
    """Runs a verb's body; a `GristmillError` ends the program with its exit status and its text."""
    _calm_libraries()
    try:
        with _own_streams(as_json):
            call = Verb(as_json, quiet)
            yield call
    except GristmillError as error:
        if isinstance(error, LostError) and is_launched():
            raise typer.Exit(error.exit_status) from error  # the one that supervises tells it, and starts again
        if as_json:
            kind = type(error).__name__
            sys.stdout.write(json.dumps({"error": {"kind": kind, "message": str(error)}}, ensure_ascii=False) + "\n")
        typer.secho(f"error: {error}", err=True, fg="red")
        raise typer.Exit(error.exit_status) from error
    except KeyboardInterrupt:
        typer.secho("stopped", err=True, fg="red")
        raise typer.Exit(130) from None
    call.finish()


@contextmanager
def _own_streams(only_json: bool) -> Iterator[None]:
    """Keeps what native libraries print on the streams' descriptors away from ours while the body runs.

    It goes to a temporary file, whose end is shown where the body fails by surprise. Under `--json` descriptor 1 is
    turned there too, so that nothing can stand beside the object.
    """
    turned = (1, 2) if only_json else (2,)
    sys.stdout.flush()
    sys.stderr.flush()
    kept = {number: os.dup(number) for number in turned}
    stderr = sys.stderr
    with tempfile.TemporaryFile() as chatter, open(os.dup(kept[2]), "w", buffering=1) as own:
        for number in turned:
            os.dup2(chatter.fileno(), number)
        sys.stderr = own
        try:
            yield
        except GristmillError:
            raise
        except Exception:
            _show_end(chatter, own)
            raise
        finally:
            sys.stdout.flush()
            sys.stderr = stderr
            for number, old in kept.items():
                os.dup2(old, number)
                os.close(old)


def _show_end(chatter: IO[bytes], stream: IO[str]) -> None:
    size = chatter.seek(0, os.SEEK_END)
    chatter.seek(max(0, size - _SHOWN_BYTES))
    stream.write(chatter.read().decode(errors="replace"))


def _calm_libraries() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    logging.getLogger("root").addFilter(lambda record: "apitools" not in record.getMessage())
    warnings.filterwarnings("ignore", module=r"(apache_beam|tensorflow|keras|google)\b.*")


def program_name() -> str:
    """How the user called this program, to be said in a command that can be copied."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py" or shutil.which(called.name) == str(called):
        return "gristmill"
    return str(called.relative_to(Path.cwd()) if called.is_relative_to(Path.cwd()) else called)


def print_table(columns: list[str], rows: list[list[str]], title: str = "") -> None:
    """Prints a table for people; numbers stand to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else _LOG_WIDTH, highlight=False)
    gap = 1 if console.width > _NARROW else 0
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, gap, 0, 0))
    for index, column in enumerate(columns):
        cells = [row[index] for row in rows]
        numeric = bool(cells) and all(cell[:1] in "+-–0123456789" for cell in cells if cell)
        justify: Literal["right", "left"] = "right" if numeric else "left"
        whole = [cell for cell in cells if len(cell) <= _WHOLE_CHARACTERS]
        least = max(map(len, whole + column.split()))
        fixed = least if gap == 0 and len(whole) == len(cells) else None
        table.add_column(column, justify=justify, overflow="fold", min_width=least, width=fixed)
    for row in rows:
        table.add_row(*row)
    console.print(f"\n{title}" if title else "")
    console.print(table)
