"""The `gristmill` command: one file a verb."""

__all__: list[str] = []
