"""The verbs that data-centre cooling adds to `gristmill`: one file a verb, light until it works."""

__all__: list[str] = []
