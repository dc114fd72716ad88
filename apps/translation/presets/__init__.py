"""Settings by name: one file each, which opens with its command, its cost and the score to expect."""

from apps.translation.presets.base import BASE
from apps.translation.presets.small import SMALL
from apps.translation.presets.tiny import TINY

__all__ = ["BASE", "PRESETS", "SMALL", "TINY"]

PRESETS: dict[str, dict[str, object]] = {"default": TINY, "tiny": TINY, "small": SMALL, "base": BASE}
"""`default` is `tiny`."""
