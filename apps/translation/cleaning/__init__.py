"""Cleaning of sentence pairs: texts are normalised, then rules set pairs aside, each counted."""

from apps.translation.cleaning.clean import Cleaned, clean
from apps.translation.cleaning.rules import Limits

__all__ = ["Cleaned", "Limits", "clean"]
