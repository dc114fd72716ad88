"""Run folders: what was trained, on what, how good it is; written as one step and checked when opened."""

from gristmill.runs.amendment import Amendment, amend
from gristmill.runs.card import CardText, render_card, write_card
from gristmill.runs.checks import Problem, verify
from gristmill.runs.comparison import Comparison, ConfigRow, MetricRow, compare
from gristmill.runs.draft import Draft
from gristmill.runs.lineage import DatasetOrigin, collect_lineage
from gristmill.runs.lite_rows import lite_table
from gristmill.runs.record import Metrics, Run
from gristmill.runs.registry import RunSummary, find_run, list_runs
from gristmill.runs.tables import Table, markdown, metric_table, metric_title, quality_tables
from gristmill.runs.writer import RunWriter

__all__ = [
    "Amendment",
    "CardText",
    "Comparison",
    "ConfigRow",
    "DatasetOrigin",
    "Draft",
    "MetricRow",
    "Metrics",
    "Problem",
    "Run",
    "RunSummary",
    "RunWriter",
    "Table",
    "amend",
    "collect_lineage",
    "compare",
    "find_run",
    "list_runs",
    "lite_table",
    "markdown",
    "metric_table",
    "metric_title",
    "quality_tables",
    "render_card",
    "verify",
    "write_card",
]
