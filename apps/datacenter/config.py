"""Settings of the data centre's models; there are no models yet."""

from pydantic import BaseModel, ConfigDict

__all__ = ["DatacenterConfig"]


class DatacenterConfig(BaseModel):
    """All settings of the app."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
