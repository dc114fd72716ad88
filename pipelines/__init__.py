"""Beam pipelines: sources -> check -> arrange -> analyse + write, with read = written + quarantined."""

__all__: list[str] = []
