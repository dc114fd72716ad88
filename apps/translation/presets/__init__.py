"""Settings by name: one file each, which opens with its command, its cost and the score to expect."""

from apps.translation.presets.named import PRESETS

__all__ = ["PRESETS"]
