"""Steps as a table of text."""

from collections.abc import Iterable
from dataclasses import dataclass

from gristmill.eager.record import LayerOutput, StepRecord

__all__ = ["Table", "layer_table", "table"]


@dataclass(frozen=True)
class Table:
    """Headings, and rows of as many cells."""

    headings: tuple[str, ...]
    rows: list[tuple[str, ...]]


def table(steps: Iterable[StepRecord]) -> Table:
    """A row for each step, with the variable whose gradient is largest."""
    headings = ("step", "loss", "gradient norm", "largest gradient", "learning rate", "seconds")
    return Table(headings, [_step_row(step) for step in steps])


def layer_table(steps: Iterable[StepRecord]) -> Table:
    """A row for each output of each watched layer in each step."""
    headings = ("step", "layer", "shape", "type", "min", "max", "mean", "zeros")
    return Table(headings, [_layer_row(step.number, output) for step in steps for output in step.outputs])


def _step_row(step: StepRecord) -> tuple[str, ...]:
    norms = step.gradient_norms
    largest = max(norms, key=lambda name: norms[name]) if norms else ""
    rates = " ".join(_number(rate) for rate in step.learning_rates)
    cells = (str(step.number), _number(step.loss), _number(step.global_norm))
    return (*cells, f"{largest} {_number(norms[largest])}" if norms else "", rates, f"{step.seconds:.3f}")


def _layer_row(number: int, output: LayerOutput) -> tuple[str, ...]:
    shape = "[" + ", ".join(map(str, output.shape)) + "]"
    figures = (_number(output.minimum), _number(output.maximum), _number(output.mean))
    return (str(number), output.layer, shape, output.dtype, *figures, f"{output.zeros:.0%}")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.5g}"
