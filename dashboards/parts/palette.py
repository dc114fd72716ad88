"""The colours of all charts, as the theme states them."""

import tomllib
from pathlib import Path

__all__ = ["PALETTE", "THEME"]

THEME = Path(__file__).parents[1] / ".streamlit/config.toml"

PALETTE: tuple[str, ...] = tuple(tomllib.loads(THEME.read_text("utf-8"))["theme"]["chartCategoricalColors"])
