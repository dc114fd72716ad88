"""`gristmill runs`: list, show, compare and verify run folders."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gristmill.cli.evaluate import RunArgument
from gristmill.cli.output import JsonOption, print_table, verb
from gristmill.cli.tables import show_lite, show_metrics

__all__ = ["app"]

app = typer.Typer(help="List, show, compare and verify runs.", no_args_is_help=True)

RootOption = Annotated[Path, typer.Option(help="Folder of runs.")]
_ROOT = Path("runs")


@app.command("list")
def list_(root: RootOption = _ROOT, as_json: JsonOption = False) -> None:
    """List the runs of a folder, with their main metrics; broken ones with the reason."""
    with verb(as_json) as call:
        from gristmill.runs import list_runs

        found = list_runs(root)
        rows = [
            [
                r.name,
                r.app,
                r.created,
                r.dataset,
                r.preset,
                "" if r.seed is None else f"{r.seed}",
                r.problem or _brief(r.app, r.metrics),
            ]
            for r in found
        ]
        columns = ["run", "app", "created", "dataset", "preset", "seed", "metrics or problem"]
        call.result(
            {"runs": [{**asdict(r), "path": str(r.path)} for r in found]},
            lambda: print_table(columns, rows) if rows else typer.echo(f"no runs in {root}"),
        )


@app.command()
def show(run: RunArgument, root: RootOption = _ROOT, as_json: JsonOption = False) -> None:
    """Show one run: settings, metrics, lite files."""
    with verb(as_json) as call:
        from gristmill.runs import Run, find_run

        found = Run.open(find_run(run, root))

        def print_run() -> None:
            data = found.lineage["dataset"] or {}
            typer.echo(f"{found.path}: {found.config.get('app')} on {data.get('name')}, {found.lineage['created']}")
            show_metrics(found.config.get("app", ""), found.metrics)
            if found.lite:
                show_lite(found.lite)
            typer.echo(f"model card: {found.path / 'card.md'}")

        values = {"run": str(found.path), "config": found.config, "lineage": found.lineage}
        call.result({**values, "metrics": found.metrics, "lite": found.lite}, print_run)


@app.command()
def compare(first: RunArgument, second: RunArgument, root: RootOption = _ROOT, as_json: JsonOption = False) -> None:
    """Compare two runs: metrics with differences, and the settings in which they differ."""
    with verb(as_json) as call:
        from gristmill.runs import Run, find_run, metric_title
        from gristmill.runs import compare as compare_runs
        from gristmill.runs.tables import number, signed

        made = compare_runs(Run.open(find_run(first, root)), Run.open(find_run(second, root)))

        def print_comparison() -> None:
            rows = [
                [row.split, row.system, metric_title(row.metric), number(row.a), number(row.b), signed(row.difference)]
                for row in made.metrics
            ]
            print_table(["split", "system", "metric", made.a, made.b, "difference"], rows)
            if made.config:
                changed = [[row.key, number(row.a), number(row.b)] for row in made.config]
                print_table(["setting that differs", made.a, made.b], changed)
            if made.same_data is False:
                typer.echo("the runs saw different datasets: their metrics do not compare")

        call.result(asdict(made), print_comparison)


@app.command()
def verify(run: RunArgument, root: RootOption = _ROOT, as_json: JsonOption = False) -> None:
    """Check every file of a run against its hash; exit status 1 where one differs."""
    with verb(as_json) as call:
        from gristmill.errors import IntegrityError
        from gristmill.runs import find_run
        from gristmill.runs import verify as verify_run

        path = find_run(run, root)
        problems = verify_run(path)
        if problems:
            raise IntegrityError("\n".join(map(str, problems)))
        call.result({"run": str(path), "problems": []}, lambda: typer.echo(f"{path}: every file is as it was written"))


def _brief(app: str, metrics: dict[str, float]) -> str:
    """The first metric of each of the app's tasks, or the first ones where the app is not installed."""
    from gristmill.app import list_apps
    from gristmill.runs import metric_title

    groups = list_apps()[app].metric_groups.values() if app in list_apps() else []
    names = [group[0] for group in groups if group[0] in metrics] or list(metrics)[:3]
    return ", ".join(f"{metric_title(name)} {metrics[name]:.4f}" for name in names)
