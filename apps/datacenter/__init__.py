"""Data-centre cooling: predict PUE and steer cooling and servers (not built yet)."""

__all__: list[str] = []
