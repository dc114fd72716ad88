"""`gristmill train`: an app's models on a dataset, into a new run folder."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gristmill.cli.output import JsonOption, QuietOption, verb
from gristmill.cli.tables import show_metrics
from gristmill.errors import InputError

if TYPE_CHECKING:
    from gristmill.app import App

__all__ = ["PresetOption", "SeedOption", "SetOption", "train"]

PresetOption = Annotated[str, typer.Option(help="Settings by name.")]
SeedOption = Annotated[int, typer.Option(help="Seed of weights, dropout and order.")]
SetOption = Annotated[list[str] | None, typer.Option("--set", help="key=value: change one setting; may be repeated.")]


def train(
    *,
    app: Annotated[str | None, typer.Argument(help="Name of the app, such as recommend.")] = None,
    model: Annotated[
        str | None, typer.Option(help="FILE.py:FUNCTION that gives a compiled Keras model, in place of an app.")
    ] = None,
    dataset: Annotated[Path, typer.Option(help="Dataset folder that `gristmill ingest` wrote.")],
    out: Annotated[Path, typer.Option(help="Run folder to write; it must not be there.")],
    preset: PresetOption = "default",
    seed: SeedOption = 0,
    settings: SetOption = None,
    deterministic: Annotated[
        bool, typer.Option("--deterministic", help="Operations that add in any order add in one; slower.")
    ] = False,
    tensorboard: Annotated[Path | None, typer.Option(help="Folder for TensorBoard's event files.")] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Train an app's models on a dataset; after a stop, the same command goes on."""
    with verb(as_json, quiet) as call:
        found = _app(app, model)
        found.configure(preset, settings or [])
        from gristmill.workflow import train_app

        made = train_app(
            found,
            dataset,
            out,
            preset=preset,
            overrides=settings or [],
            seed=seed,
            deterministic=deterministic,
            tensorboard=tensorboard,
            progress=call.progress,
        )

        def show() -> None:
            show_metrics(found.name, made.metrics)
            typer.echo(f"run: {out}")

        call.result({"run": str(out), "metrics": made.metrics}, show)


def _app(name: str | None, model: str | None) -> "App":
    if (name is None) == (model is None):
        raise InputError(f"train takes the name of an app or --model. Received: {name!r} and --model {model!r}")
    if name is not None:
        from gristmill.app import find_app

        return find_app(name)
    from gristmill.workflow import keras_app

    return keras_app(str(model))
