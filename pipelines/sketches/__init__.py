"""Sketches: what is counted of many values in a little memory; each adds a batch, merges with another, and is stored as arrays."""

from pipelines.sketches.distinct import Distinct
from pipelines.sketches.moments import Moments
from pipelines.sketches.quantiles import Quantiles
from pipelines.sketches.terms import Terms

__all__ = ["Distinct", "Moments", "Quantiles", "Terms"]
