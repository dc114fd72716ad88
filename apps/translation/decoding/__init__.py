"""How translations are found: greedy and beam search in one graph, as signatures of a lite file and over a model in memory."""

from apps.translation.decoding.engine import ModelEngine

__all__ = ["ModelEngine"]
