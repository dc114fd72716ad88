"""`gristmill train translation --preset tiny`: minutes on 2 cores, a lite file of 3.5 MB."""

__all__ = ["TINY"]

TINY: dict[str, object] = {"training.dropout": 0.0}
