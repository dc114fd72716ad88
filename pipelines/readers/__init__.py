"""One reader a file format: bytes in, blocks of Arrow records out."""

__all__: list[str] = []
