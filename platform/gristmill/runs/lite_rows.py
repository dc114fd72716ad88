"""Turns the report of lite files into plain rows of texts, for the command line, the card and the pages."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from gristmill.runs.tables import MISSING, Table, metric_title, number, signed


def size(count: float) -> str:
    """Formats a number of bytes in B, kB or MB (powers of 1,000)."""
    if count < 1000:
        return f"{count:.0f} B"
    return f"{count / 1e3:.1f} kB" if count < 1e6 else f"{count / 1e6:.2f} MB"


def duration(microseconds: float) -> str:
    """Formats a latency in µs or ms."""
    return f"{microseconds:.0f} µs" if microseconds < 1e4 else f"{microseconds / 1e3:.1f} ms"


def lite_table(report: Sequence[Mapping[str, Any]], leave_out: Collection[str] = ("Model",)) -> Table:
    """Makes the table of lite files from `lite/report.json`; a column that no file fills is left out.

    Args:
        report: For each file a mapping with any of `file`, `format`, `bytes`, `latency` (with `p50_us`,
            microseconds a call), `metrics` ({metric: value}, the first is shown), `float_metrics` (of the float model on the same
            rows), `agreement` (0 to 1), `differences` ({output: {"max_abs": value}}) and `refused` (why it
            was not kept). The records of `gristmill.lite` as JSON are such mappings.
    """
    columns = [(title, show) for title, show in _LITE_COLUMNS if title not in leave_out]
    kept = [(title, show) for title, show in columns if any(show(row) for row in report)]
    rows = tuple(tuple(show(row) or MISSING for _, show in kept) for row in report)
    return Table(tuple(title for title, _ in kept), rows)


def _latency(row: Mapping[str, Any]) -> str:
    return duration(row["latency"]["p50_us"]) if row.get("latency") else ""


def _main_metric(row: Mapping[str, Any]) -> str:
    return next(iter(row.get("metrics") or {}), "")


def _quality(row: Mapping[str, Any]) -> str:
    name = _main_metric(row)
    return f"{metric_title(name)} {number(row['metrics'][name])}" if name else ""


def _from_float(row: Mapping[str, Any]) -> str:
    name, reference = _main_metric(row), row.get("float_metrics") or {}
    return signed(row["metrics"][name] - reference[name]) if name in reference else ""


def _largest(row: Mapping[str, Any]) -> str:
    found = [float(output["max_abs"]) for output in (row.get("differences") or {}).values()]
    return f"{max(found):.1e}" if found else ""


_LITE_COLUMNS: tuple[tuple[str, Callable[[Mapping[str, Any]], str]], ...] = (
    ("File", lambda row: row.get("file") or ""),
    ("Model", lambda row: row.get("task") or ""),
    ("Format", lambda row: row.get("format") or ""),
    ("Size", lambda row: size(row["bytes"]) if row.get("bytes") is not None else ""),
    ("Latency", _latency),
    ("Quality", _quality),
    ("Change from float", _from_float),
    (
        "Agreement with float",
        lambda row: number(row["agreement"]) if row.get("agreement") is not None else "",
    ),
    ("Largest output change", _largest),
    ("Refused because", lambda row: row.get("refused") or ""),
)
