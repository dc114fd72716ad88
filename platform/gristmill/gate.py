"""The gate of a converted model: how much it may lose against its float model."""

from dataclasses import dataclass

from gristmill.errors import InputError, ParityError

__all__ = ["Gate", "check"]


@dataclass(frozen=True)
class Gate:
    """What a lite file must keep of its float model.

    Attributes:
        metric: Name of the metric it watches, such as "ndcg_at_10".
        allowed_loss: Largest loss of the metric, absolute, in the metric's own unit.
        minimum_agreement: Smallest agreement of the top k, 0 to 1; 0 does not ask for any.
        higher_is_better: False for a metric such as log loss.
    """

    metric: str
    allowed_loss: float
    minimum_agreement: float = 0.0
    higher_is_better: bool = True

    def __post_init__(self) -> None:
        if not self.allowed_loss >= 0:
            raise InputError(f"`allowed_loss` must not be negative. Received: {self.allowed_loss}")
        if not 0 <= self.minimum_agreement <= 1:
            raise InputError(f"`minimum_agreement` must be from 0 to 1. Received: {self.minimum_agreement}")


def check(gate: Gate, name: str, reference: float, value: float, agreement: float | None = None) -> None:
    """Lets a lite file pass the gate or refuses it with the figures.

    Args:
        gate: What it must keep.
        name: What to call the file in the error.
        reference: The float model's metric.
        value: The lite model's metric, on the same rows.
        agreement: Share of the top k that both share, 0 to 1; needed where the gate asks for one.

    Raises:
        InputError: if the gate asks for an agreement and none is given.
        ParityError: if the metric or the agreement is lost, or not a number.
    """
    loss = reference - value if gate.higher_is_better else value - reference
    if not loss <= gate.allowed_loss:
        verb = "fell" if gate.higher_is_better else "rose"
        raise ParityError(
            f"{name} is refused: {gate.metric} {verb} from {reference:.4f} to {value:.4f} "
            f"(allowed: {gate.allowed_loss:g})"
        )
    if gate.minimum_agreement and agreement is None:
        raise InputError(f"`agreement` must be given where the gate asks for {gate.minimum_agreement:g}")
    if agreement is not None and not agreement >= gate.minimum_agreement:
        raise ParityError(
            f"{name} is refused: its outputs agree with the float model's to {agreement:.4f} "
            f"(at least {gate.minimum_agreement:g} is needed)"
        )
