"""Errors of the estimator API: gristmill's own, that code written for tf.estimator catches as the built-in ones."""

from gristmill.errors import InputError

__all__ = ["ArgumentError", "KindError"]


class ArgumentError(InputError, ValueError):
    """A value breaks a rule; a `ValueError` too."""


class KindError(InputError, TypeError):
    """A value is of the wrong type; a `TypeError` too."""
