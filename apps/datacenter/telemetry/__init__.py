"""Telemetry: files of time, sensors, set-points and powers become a regular series, and all that is not used is told."""

from apps.datacenter.telemetry.report import ColumnReport, Gap, LeftOut, Report
from apps.datacenter.telemetry.series import read_report, read_series

__all__ = ["ColumnReport", "Gap", "LeftOut", "Report", "read_report", "read_series"]
