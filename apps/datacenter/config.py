"""Settings of the data centre's models."""

from pydantic import BaseModel, ConfigDict, Field

from apps.datacenter.control.settings import ClosedLoopConfig, ControlConfig, DynamicsConfig

__all__ = ["DatacenterConfig", "PredictConfig"]


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class PredictConfig(_Config):
    """The windows that it reads, its networks, its trees, and how sure its intervals are to be."""

    set_points: tuple[str, ...] | None = None
    """Columns that an operator sets ahead, known for the coming hour; None takes those named `action_...`."""
    window: int = Field(24, ge=6)
    """Steps of the past that a prediction reads."""
    duplicate: float = Field(0.995, gt=0, le=1)
    """Of two sensors whose correlation is at least this, one is left out."""
    members: int = Field(6, ge=1)
    """Networks whose outputs are averaged."""
    width: int = Field(128, ge=4)
    demand_width: int = Field(96, ge=4)
    """Width of the networks that foresee the computing load from its own past."""
    depth: int = Field(3, ge=1)
    """Hidden layers."""
    dropout: float = Field(0.05, ge=0, lt=1)
    batch: int = Field(256, ge=1)
    epochs: int = Field(60, ge=1)
    patience: int = Field(15, ge=1)
    """Epochs without a better one before training stops."""
    learning_rate: float = Field(2e-3, gt=0)
    """Peak, after 5% of the steps; a cosine leads it down to a fiftieth."""
    weight_decay: float = Field(1e-3, ge=0)
    average: float = Field(0.995, ge=0, lt=1)
    """Decay of the moving average of the weights that is judged and kept."""
    trees: int = Field(400, ge=1)
    """Boosted trees at most, for each of the predicted numbers; validation chooses how many."""
    leaves: int = Field(31, ge=2)
    tree_learning_rate: float = Field(0.05, gt=0)
    coverage: float = Field(0.9, gt=0, lt=1)
    """Share of the truth that the intervals are to hold."""


class DatacenterConfig(_Config):
    """All settings of the app."""

    predict: PredictConfig = Field(default_factory=PredictConfig)
    dynamics: DynamicsConfig = Field(default_factory=DynamicsConfig)
    control: ControlConfig = Field(default_factory=ControlConfig)
    closed_loop: ClosedLoopConfig = Field(default_factory=ClosedLoopConfig)
