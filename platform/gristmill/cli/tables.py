"""Tables of metrics and lite files on the terminal, from the same rows as the model card."""

from collections.abc import Mapping, Sequence
from typing import Any

from gristmill.cli.output import print_table

__all__ = ["show_lite", "show_metrics"]


def show_metrics(metrics: Mapping[str, Mapping[str, Mapping[str, float]]]) -> None:
    """Prints a table a split: our model first, then each baseline."""
    from gristmill.runs import metric_table

    for split, systems in metrics.items():
        table = metric_table(systems)
        print_table(list(table.columns), [list(row) for row in table.rows], title=f"quality on the {split} split")


def show_lite(report: Sequence[Mapping[str, Any]]) -> None:
    """Prints the table of lite files."""
    from gristmill.runs import lite_table

    table = lite_table(report)
    print_table(list(table.columns), [list(row) for row in table.rows], title="lite files")
