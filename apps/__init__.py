"""Applications on gristmill: each is one `App` record and the few files behind it."""

__all__: list[str] = []
