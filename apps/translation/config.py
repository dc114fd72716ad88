"""Settings of the translator: its network, its training and its decoding."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["DecodingConfig", "NetworkConfig", "TrainingConfig", "TranslationConfig"]


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class NetworkConfig(_Config):
    """The Transformer."""

    width: int = Field(128, ge=4)
    """Size of an embedding and of the hidden states; even."""
    heads: int = Field(4, ge=1)
    """Attention heads; they divide the width."""
    encoder_layers: int = Field(3, ge=1)
    decoder_layers: int = Field(1, ge=1)
    """Few, since the decoder runs once for each piece of the translation and the encoder once for all."""
    feed_forward: int = Field(512, ge=1)
    """Width inside the feed-forward networks."""
    distances: int = Field(32, ge=1)
    """Distances that have an attention bias of their own; those farther apart share the last."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.width % self.heads:
            raise ValueError(f"heads must divide width. Received: heads={self.heads}, width={self.width}")
        if self.width % 2:
            raise ValueError(f"width must be even. Received: {self.width}")
        return self


class TrainingConfig(_Config):
    """How the network is trained."""

    epochs: int = Field(5, ge=1)
    batch_pieces: int = Field(1024, ge=1)
    """Places for pieces of the target in a batch; the source has as many."""
    row_lengths: tuple[int, ...] = Field((32, 128), min_length=1)
    """Lengths of the rows into which pairs are packed, ascending: one compiled shape each. Longer pairs are left out."""
    learning_rate: float = Field(2e-3, gt=0)
    """Peak, reached after the warm-up; then it falls with the inverse square root of the steps."""
    warm_up: int = Field(200, ge=1)
    """Steps in which the learning rate rises."""
    cool_down: float = Field(0.6, ge=0, le=1)
    """Last share of the steps, in which the learning rate falls to a fiftieth of what it would be."""
    label_smoothing: float = Field(0.1, ge=0, lt=1)
    dropout: float = Field(0.1, ge=0, lt=1)
    """Share dropped in each residual branch and of the embeddings."""
    clip_norm: float = Field(1.0, gt=0)
    """Gradients are scaled down to this norm."""
    average: float = Field(0.0, ge=0, lt=1)
    """Decay of the moving average of the weights that is judged and kept; 0 keeps the last, which a cool-down has settled."""
    evaluate_every: int = Field(1, ge=1)
    """Epochs between two looks at validation."""
    average_last: int = Field(1, ge=1)
    """Looks at validation whose weights are averaged: their mean is judged and, where it is the best, kept; 1 for none."""
    jit_compile: bool = False
    """Whether XLA compiles the training step; on a CPU it is no faster."""


class DecodingConfig(_Config):
    """How translations are found."""

    beam: int = Field(5, ge=1)
    """Hypotheses that beam search keeps."""
    length_power: float = Field(1.0, ge=0)
    """A hypothesis is judged by its log probability divided by its length to this power."""
    source_pieces: int = Field(72, ge=2)
    """Longest source that the exported functions take, its end included."""
    target_pieces: int = Field(128, ge=2)
    """Longest translation that they give, its end included."""


class TranslationConfig(_Config):
    """All settings of the translator."""

    network: NetworkConfig = Field(default_factory=NetworkConfig)
    training: TrainingConfig = Field(default_factory=TrainingConfig)
    decoding: DecodingConfig = Field(default_factory=DecodingConfig)
