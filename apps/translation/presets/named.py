"""The presets by name; `default` is `tiny`."""

from apps.translation.presets.base import BASE
from apps.translation.presets.small import SMALL
from apps.translation.presets.tiny import TINY

__all__ = ["PRESETS"]

PRESETS: dict[str, dict[str, object]] = {"default": TINY, "tiny": TINY, "small": SMALL, "base": BASE}
