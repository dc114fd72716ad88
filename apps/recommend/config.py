"""Settings of the recommender's two models and of its evaluation."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["RankingConfig", "RecommendConfig", "RetrievalConfig"]


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class RetrievalConfig(_Config):
    """The causal Transformer over a user's history."""

    width: int = Field(64, ge=4)
    """Size of an item's embedding and of the hidden states."""
    layers: int = Field(2, ge=1)
    heads: int = Field(4, ge=1)
    """Attention heads; they divide the width."""
    window: int = Field(50, ge=2)
    """Last events of a history that the network reads."""
    dropout: float = Field(0.2, ge=0, lt=1)
    """Share dropped in each residual branch."""
    embedding_dropout: float = Field(0.3, ge=0, lt=1)
    epochs: int = Field(12, ge=1)
    batch_rows: int = Field(16, ge=1)
    """Rows of `window` events a step."""
    learning_rate: float = Field(8e-3, gt=0)
    """Peak, after 5% of the steps; a cosine leads it down to a twentieth."""
    weight_decay: float = Field(0.05, ge=0)
    average: float = Field(0.99, ge=0, lt=1)
    """Decay of the moving average of the weights that is judged and kept."""
    negatives: int | None = Field(None, ge=0)
    """Sampled items of the corrected softmax; 0 takes the full catalogue, None does so up to 20,000 items."""
    jit_compile: bool = True
    """Whether XLA compiles the training step (full catalogue only)."""
    evaluate_from: int = Field(6, ge=1)
    """First epoch judged on validation; then every second one."""
    history: int = Field(1024, ge=2)
    """Events that the exported function takes; all of them are left out of the recommendations."""
    top: int = Field(50, ge=10)
    """Items that the exported function gives."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.width % self.heads:
            raise ValueError(f"heads must divide width. Received: heads={self.heads}, width={self.width}")
        if self.history < self.window:
            raise ValueError(f"history must not be below window. Received: {self.history} < {self.window}")
        return self


class RankingConfig(_Config):
    """The wide-and-deep model that predicts whether a user likes an item."""

    like_at_least: float = 4.0
    """Ratings from here on count as liked."""
    taste: str = "genres"
    """List of the items' side table whose liking is tracked for each user."""
    hidden_units: tuple[Annotated[int, Field(ge=1)], ...] = Field((64, 32), min_length=1)
    embedding_width: int = Field(16, ge=1)
    """Of users and items; a side feature has a quarter."""
    dropout: float = Field(0.2, ge=0, lt=1)
    linear_learning_rate: float = Field(0.5, gt=0)
    linear_l2: float = Field(0.02, ge=0)
    learning_rate: float = Field(1e-3, gt=0)
    batch: int = Field(512, ge=1)
    epochs: int = Field(20, ge=1)
    patience: int = Field(3, ge=1)
    candidates: int = Field(100, ge=1)
    """Items that the exported function scores in one call."""
    history: int = Field(1024, ge=1)
    """Rated events that the exported function takes."""


class RecommendConfig(_Config):
    """All settings of the recommender."""

    retrieval: RetrievalConfig = Field(default_factory=RetrievalConfig)
    ranking: RankingConfig = Field(default_factory=RankingConfig)
    cold_below: int = Field(30, ge=1)
    """Users with a shorter history count as cold in the evaluation."""
