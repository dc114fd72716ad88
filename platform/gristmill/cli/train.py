"""`gristmill train`: an app's models on a dataset, into a new run folder."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gristmill.cli.output import JsonOption, QuietOption, Verb, print_table, verb
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
    out: Annotated[Path | None, typer.Option(help="Run folder to write; it must not be there.")] = None,
    preset: PresetOption = "default",
    seed: SeedOption = 0,
    settings: SetOption = None,
    deterministic: Annotated[
        bool, typer.Option("--deterministic", help="Operations that add in any order add in one; slower.")
    ] = False,
    precision: Annotated[
        str, typer.Option(help="What layers compute in: float32, mixed_float16 or mixed_bfloat16.")
    ] = "float32",
    distribute: Annotated[
        str | None,
        typer.Option(
            help="mirrored, multiworker, parameter-server or model-parallel, and how many devices or workers: mirrored:2."
        ),
    ] = None,
    place: Annotated[
        list[str] | None,
        typer.Option(help="LAYER=DEVICE or LAYER=split, with --distribute model-parallel; may be repeated."),
    ] = None,
    tensorboard: Annotated[Path | None, typer.Option(help="Folder for TensorBoard's event files.")] = None,
    eager: Annotated[bool, typer.Option("--eager", help="Show the first steps one by one, and write no run.")] = False,
    steps: Annotated[int, typer.Option(help="Steps that --eager shows.")] = 3,
    tfdbg: Annotated[Path | None, typer.Option(help="Folder for the TensorFlow debugger's dump of --eager.")] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Train an app's models on a dataset; after a stop, the same command goes on."""
    if distribute is not None and not eager and (status := _in_processes(distribute)) is not None:
        raise typer.Exit(status)
    with verb(as_json, quiet) as call:
        found = _app(app, model)
        chosen: dict[str, Any] = {
            "preset": preset,
            "overrides": settings or [],
            "seed": seed,
            "precision": precision,
            "tensorboard": tensorboard,
        }
        found.configure(preset, chosen["overrides"])
        if eager:
            if distribute is not None:
                raise InputError(f"--eager shows steps of one device. Received: --distribute {distribute} too")
            _show_steps(call, found, dataset, steps, tfdbg=tfdbg, **chosen)
            return
        if out is None:
            raise InputError("--out must name the run folder to write, unless --eager is given. Received: none")
        from gristmill.workflow import helps, placement_of, train_app

        chosen |= {"deterministic": deterministic, "distribute": distribute, "progress": call.progress}
        placement = placement_of(place or [], distribute)
        if helps(distribute):
            _help(found, dataset, out, chosen)
            call.result({"run": None, "metrics": {}}, lambda: None)
            return
        made = train_app(found, dataset, out, placement=placement, **chosen)

        def show() -> None:
            show_metrics(found.name, made.metrics)
            typer.echo(f"run: {out}")

        call.result({"run": str(out), "metrics": made.metrics}, show)


def _in_processes(distribute: str) -> int | None:
    """Trains in other processes, where there are several to be; the chief's status, or None where this one trains."""
    from gristmill.launch import Processes, supervise

    try:
        processes = Processes(distribute)
    except InputError:
        return None  # is told where the verb runs
    if not processes.is_needed:
        return None
    command = [sys.executable, "-m", "gristmill.cli", *sys.argv[1:]]
    try:
        return supervise(command, processes.make, lambda text: typer.echo(text, err=True))
    except KeyboardInterrupt:
        return 130


def _help(app: "App", dataset: Path, out: Path, chosen: dict[str, Any]) -> None:
    from gristmill.workflow import help_training, serve_chief

    if not serve_chief(out):
        chosen.pop("tensorboard")
        help_training(app, dataset, **chosen)


def _show_steps(call: Verb, app: "App", dataset: Path, steps: int, **chosen: Any) -> None:
    from gristmill.eager import layer_table, table
    from gristmill.workflow import look_at_steps

    found = look_at_steps(app, dataset, steps, progress=call.progress, **chosen)

    def show() -> None:
        for task, records in found.items():
            for title, made in ((task, table(records)), (f"layers of {task}", layer_table(records[-1:]))):
                print_table(list(made.headings), [list(row) for row in made.rows], title=title)

    call.result({"steps": {task: [asdict(record) for record in records] for task, records in found.items()}}, show)


def _app(name: str | None, model: str | None) -> "App":
    if (name is None) == (model is None):
        raise InputError(f"train takes the name of an app or --model. Received: {name!r} and --model {model!r}")
    if name is not None:
        from gristmill.app import find_app

        return find_app(name)
    from gristmill.workflow import keras_app

    return keras_app(str(model))
