"""What the pages are made of: folders, messages, charts, and rows for them."""

__all__: list[str] = []
