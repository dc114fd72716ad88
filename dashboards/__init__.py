"""Streamlit pages over runs and datasets: they show, and compute nothing."""

__all__: list[str] = []
