"""Tables of metrics and lite files on the terminal, from the same rows as the model card."""

from collections.abc import Mapping, Sequence
from typing import Any

from gristmill.cli.output import print_table

__all__ = ["show_lite", "show_metrics"]


def show_metrics(app: str, metrics: Mapping[str, Mapping[str, Mapping[str, float]]]) -> None:
    """Prints a table a split and model: ours first, then each baseline."""
    from gristmill.app import list_apps
    from gristmill.runs import quality_tables

    groups = list_apps()[app].metric_groups if app in list_apps() else None
    for split, systems in metrics.items():
        for title, table in quality_tables(systems, groups).items():
            rows = [list(row) for row in table.rows]
            print_table(list(table.columns), rows, title=f"quality of {title or app} on the {split} split")


def show_lite(report: Sequence[Mapping[str, Any]]) -> None:
    """Prints the table of lite files."""
    from gristmill.runs import lite_table

    table = lite_table(report, leave_out=("File",))
    print_table(list(table.columns), [list(row) for row in table.rows], title="lite files")
