"""`gristmill evaluate`: a run's models and the baselines on one split."""

from pathlib import Path
from typing import Annotated

import typer

from gristmill.cli.output import JsonOption, QuietOption, verb
from gristmill.cli.tables import show_metrics

__all__ = ["DatasetOption", "RunArgument", "evaluate"]

RunArgument = Annotated[str, typer.Argument(help="Run folder, or the name of a run under runs/.")]
DatasetOption = Annotated[Path | None, typer.Option(help="The run's dataset, where it has moved.")]


def evaluate(
    run: RunArgument,
    dataset: DatasetOption = None,
    split: Annotated[str, typer.Option(help="train, validation or test.")] = "test",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Measure a run's models and the baselines on a split."""
    with verb(as_json, quiet) as call:
        from gristmill.runs import find_run

        path = find_run(run)
        from gristmill.workflow import evaluate_run

        made = evaluate_run(path, dataset=dataset, split=split, progress=call.progress)
        call.result(
            {"run": str(path), "metrics": made.metrics},
            lambda: show_metrics(made.config["app"], {split: made.metrics[split]}),
        )
