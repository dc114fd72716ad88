"""The gate of a lite file: what passes, and with what figures the rest is refused."""

import math

import pytest

from gristmill.errors import InputError, ParityError
from gristmill.gate import Gate, check

NDCG = Gate("ndcg_at_10", allowed_loss=0.25, minimum_agreement=0.5)
LOSS = Gate("logloss", allowed_loss=0.25, higher_is_better=False)


def test_what_loses_no_more_than_allowed_passes() -> None:
    check(NDCG, "f32", 1.0, 1.0, 1.0)
    check(NDCG, "f16", 1.0, 0.75, 0.5)
    check(NDCG, "better", 0.5, 0.9, 1.0)
    check(LOSS, "f32", 0.5, 0.75)
    check(LOSS, "better", 0.5, 0.1)


@pytest.mark.parametrize(
    ("gate", "value", "agreement", "message"),
    [
        (NDCG, 0.5, 1.0, r"ndcg_at_10 fell from 1.0000 to 0.5000 \(allowed: 0.25\)"),
        (LOSS, 1.5, None, r"logloss rose from 1.0000 to 1.5000 \(allowed: 0.25\)"),
        (NDCG, math.nan, 1.0, "fell from 1.0000 to nan"),
        (LOSS, math.nan, None, "rose from 1.0000 to nan"),
        (NDCG, 1.0, 0.25, r"agree .* to 0.2500 \(at least 0.5 is needed\)"),
        (NDCG, 1.0, math.nan, "agree .* to nan"),
    ],
)
def test_what_loses_more_is_refused_with_the_figures(
    gate: Gate, value: float, agreement: float | None, message: str
) -> None:
    with pytest.raises(ParityError, match=f"dynamic is refused: .*{message}"):
        check(gate, "dynamic", 1.0, value, agreement)


def test_a_gate_that_asks_for_agreement_needs_it() -> None:
    with pytest.raises(InputError, match="`agreement` must be given"):
        check(NDCG, "dynamic", 1.0, 1.0)


@pytest.mark.parametrize("options", [{"allowed_loss": -0.1}, {"allowed_loss": math.nan}, {"minimum_agreement": 1.5}])
def test_a_gate_that_makes_no_sense_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(InputError, match=f"`{next(iter(options))}` must"):
        Gate("auc", **{"allowed_loss": 0.0, **options})
