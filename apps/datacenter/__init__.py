"""Data-centre cooling: the plant stands in `plant`; predicting PUE and steering it are not built yet."""

__all__: list[str] = []
