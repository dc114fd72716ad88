"""Verbs of the translator on the command line."""

__all__: list[str] = []
