"""Run a data centre's plant (EnergyPlus) in closed loop, and sum the run up."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gristmill.cli.output import JsonOption, QuietOption, print_table, verb
from gristmill.errors import InputError

if TYPE_CHECKING:
    from apps.datacenter.plant.summary import Summary

__all__ = ["app"]

app = typer.Typer(help="Run a data centre's plant (EnergyPlus) in closed loop.", no_args_is_help=True)


@app.command("run")
def run(
    *,
    model: Annotated[str, typer.Option(help="1zone-crac, 2zone-cw, 2zone-dx, FILE.epJSON or FILE.idf.")] = "2zone-dx",
    weather: Annotated[str, typer.Option(help="A place (see: gristmill plant list) or FILE.epw.")] = "chicago",
    load: Annotated[
        str, typer.Option(help="google2019, azure2019 or FILE.csv with a column `load`, 0 to 1.")
    ] = "google2019",
    load_minutes: Annotated[int, typer.Option(help="Minutes between the rows of a load of your own.")] = 15,
    servers: Annotated[
        str, typer.Option(help="stock: power rises with inlet temperature. flat: it follows the load alone.")
    ] = "stock",
    servers_on: Annotated[
        str | None, typer.Option(help="CSV file with a column `servers_on`, 0 to 1, a row an interval of the load.")
    ] = None,
    start: Annotated[str, typer.Option(help="First day, MM-DD.")] = "01-01",
    days: Annotated[int, typer.Option(help="Days to run, within one year.")] = 365,
    step_minutes: Annotated[int, typer.Option(help="Length of a step, in which the controller acts once.")] = 15,
    supply_air_band: Annotated[
        str | None, typer.Option(help="LOW:HIGH in degrees Celsius, for the model's own supply-air control: 22:25.")
    ] = None,
    controller: Annotated[str, typer.Option(help="Who steers (see: gristmill plant list).")] = "default",
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="key=value: a setting of the controller; may be repeated.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Parquet file for the telemetry, a row a step.")] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run a plant under a controller, and tell energy, PUE and how often limits were broken."""
    with verb(as_json, quiet) as call:
        from apps.datacenter.plant import PlantOptions, run_plant, write_telemetry
        from apps.datacenter.plant.named import make_controller
        from apps.datacenter.plant.summary import summarise
        from gristmill.config import validated

        values = {
            "model": model,
            "weather": weather,
            "load": load,
            "load_minutes": load_minutes,
            "servers": servers,
            "servers_on": servers_on,
            "start": start,
            "days": days,
            "step_minutes": step_minutes,
            "supply_air_band_c": _band(supply_air_band),
        }
        options = validated(PlantOptions, values)
        steering = make_controller(controller, settings or [], options)
        if out and not out.parent.is_dir():
            raise InputError(f"`--out` must be a file in a folder that is there. Received: {out}")
        with call.progress.task(f"{model}, {weather}, {controller}: steps", total=options.steps) as task:
            table = run_plant(options, steering, report=task.advance)
        summary = summarise(table)
        if out:
            write_telemetry(table, out)
        told = {"options": options.model_dump(mode="json"), "controller": repr(steering), **asdict(summary)}

        def show() -> None:
            _show(summary, f"{model}, {weather}, {options.days} days from {start}, {controller}")
            if out:
                typer.echo(f"telemetry: {out} ({table.num_rows} rows, {table.num_columns} columns)")

        call.result({**told, "telemetry": str(out) if out else None}, show)


@app.command("explore")
def explore(
    *,
    model: Annotated[str, typer.Option(help="1zone-crac, 2zone-cw, 2zone-dx, FILE.epJSON or FILE.idf.")] = "2zone-dx",
    weather: Annotated[str, typer.Option(help="A place (see: gristmill plant list) or FILE.epw.")] = "chicago",
    load: Annotated[
        str, typer.Option(help="google2019, azure2019 or FILE.csv with a column `load`, 0 to 1.")
    ] = "google2019",
    servers: Annotated[
        str, typer.Option(help="stock: power rises with inlet temperature. flat: it does not.")
    ] = "flat",
    days: Annotated[int, typer.Option(min=1, max=60, help="Days in each season.")] = 8,
    seed: Annotated[int, typer.Option(help="Of the set-points drawn.")] = 0,
    out: Annotated[Path, typer.Option(help="Parquet file for the telemetry, a row a step.")],
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Vary a plant's set-points safely for some days in each season, to learn from: telemetry for `gristmill ingest`."""
    with verb(as_json, quiet) as call:
        from apps.datacenter.control.weeks import SEASONS, explore_seasons
        from apps.datacenter.plant import PlantOptions, write_telemetry
        from apps.datacenter.plant.summary import summarise
        from gristmill.config import validated

        if not out.parent.is_dir():
            raise InputError(f"`--out` must be a file in a folder that is there. Received: {out}")
        options = validated(PlantOptions, {"model": model, "weather": weather, "load": load, "servers": servers})
        steps = len(SEASONS) * options.model_copy(update={"days": days}).steps
        with call.progress.task(f"{model}, {weather}, exploring: steps", total=steps) as task:
            table = explore_seasons(options, days, seed, task.advance)
        write_telemetry(table, out)
        summary = summarise(table)
        told = {"telemetry": str(out), "rows": table.num_rows, **asdict(summary)}
        call.result(told, lambda: _show(summary, f"{model}, {weather}, {days} days in each season, exploring"))


@app.command("list")
def known(as_json: JsonOption = False) -> None:
    """List the models, weather, loads and controllers that have a name."""
    with verb(as_json) as call:
        from apps.datacenter.plant.named import CONTROLLERS
        from apps.datacenter.plant.sources import ABOUT, LOADS, WEATHER

        lists = {
            "models": ABOUT,
            "weather": {place: Path(file).stem for place, file in WEATHER.items()},
            "loads": {name: data.title for name, data in LOADS.items()},
            "controllers": {name: each.help for name, each in CONTROLLERS.items()},
        }

        def show() -> None:
            for title, lines in lists.items():
                print_table([title, "what it is"], [[name, line] for name, line in lines.items()])

        call.result(lists, show)


def _band(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        low, high = map(float, text.split(":"))
    except ValueError as error:
        raise InputError(f"`--supply-air-band` must be LOW:HIGH in degrees Celsius. Received: {text!r}") from error
    return low, high


def _show(summary: "Summary", title: str) -> None:
    rows = [
        ["total energy", f"{summary.total_mwh:,.2f}", "MWh"],
        ["cooling energy", f"{summary.cooling_mwh:,.2f}", "MWh"],
        ["IT energy", f"{summary.it_mwh:,.2f}", "MWh"],
        ["PUE", f"{summary.pue:.4f}", "total / IT energy"],
        ["steps", f"{summary.steps:,}", ""],
        ["steps with a server inlet outside 18 to 27 degrees Celsius", f"{summary.inlet_steps_out:,}", "steps"],
        ["time with humidity outside its range", f"{100 * summary.humidity_share_out:.1f}", "% of the time"],
        ["lowest server inlet", f"{summary.inlet_lowest_c:.1f}", "degrees Celsius"],
        ["highest server inlet", f"{summary.inlet_highest_c:.1f}", "degrees Celsius"],
    ]
    print_table(["what", "value", "unit"], rows, title)
