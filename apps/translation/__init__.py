"""Translation: from sentence pairs to an offline translator (not built yet)."""

__all__: list[str] = []
