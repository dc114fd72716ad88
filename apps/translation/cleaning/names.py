"""Names that the report of an ingestion goes by: light, for those who only read it."""

__all__ = ["REPORT", "UNREADABLE"]

REPORT = "pairs"
"""The report's name in the dataset."""
UNREADABLE = "unreadable"
"""Stands among the rules for what is no record of its file's format."""
