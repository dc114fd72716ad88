"""An app's own verbs: typer applications behind the entry point `gristmill.verbs`, loaded only where one is called."""

import ast
from collections.abc import Collection
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path

import typer

from gristmill.errors import InputError

__all__ = ["ENTRY_POINTS", "add_verbs", "load_verb"]

ENTRY_POINTS = "gristmill.verbs"


def add_verbs(app: typer.Typer, called: str | None, taken: Collection[str | None]) -> None:
    """Adds the verbs of the installed apps; a name that gristmill has itself stays its own.

    Args:
        app: The command line.
        called: The verb to load; the others are only listed, by the first sentence of their module.
        taken: The names of gristmill's own verbs.
    """
    if called in taken:
        return
    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        if point.name not in taken:
            loaded = point.name == called
            app.add_typer(load_verb(point) if loaded else typer.Typer(), name=point.name, help=_sentence(point))


def load_verb(point: EntryPoint) -> typer.Typer:
    """The verb's commands.

    Raises:
        InputError: It cannot be loaded, or is no typer application.
    """
    try:
        verb = point.load()
    except Exception as error:  # whatever a foreign package raises is what is wrong with it
        raise InputError(
            f"verb {point.name} ({point.value}) cannot be loaded: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(verb, typer.Typer):
        raise InputError(
            f"entry point {point.name} = {point.value} must be a typer.Typer. Received: {type(verb).__name__}"
        )
    return verb


def _sentence(point: EntryPoint) -> str:
    """First line of a module's text, read without running it."""
    try:
        spec = find_spec(point.module)
        if not spec or not spec.origin:
            raise ImportError(point.module)
        text = ast.get_docstring(ast.parse(Path(spec.origin).read_bytes()))
    except Exception:  # whatever a foreign package raises; its verb stays in the list
        return "Cannot be loaded: gristmill doctor tells why."
    return (text or "").partition("\n")[0]
