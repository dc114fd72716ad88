"""Benchmarks: each prints a table with our figure, the peers' and the limit's, measured in one run."""

__all__: list[str] = []
