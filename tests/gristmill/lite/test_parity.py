"""Differences of known arrays, and gates with the figures."""

import math

import numpy as np
import pytest

from gristmill.errors import InputError, ParityError
from gristmill.lite import Difference, Gate, check, compare, top_k_agreement

GATE = Gate("ndcg_at_10", allowed_loss=0.002, minimum_agreement=0.9)


def test_differences_of_known_rows() -> None:
    reference = [{"score": np.array([1.0, 2.0])}, {"score": np.array([3.0, -math.inf])}]
    candidate = [{"score": np.array([1.0, 2.5])}, {"score": np.array([2.5, -math.inf])}]
    assert compare(reference, candidate) == {"score": Difference(max_abs=0.5, mean_abs=0.25, equal=0.5)}


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_value_that_is_no_number_is_infinitely_far(value: float) -> None:
    found = compare([{"y": np.array([1.0])}], [{"y": np.array([value])}])
    assert found["y"].max_abs == math.inf


def test_whole_numbers_do_not_wrap_around() -> None:
    found = compare([{"y": np.array([0], np.uint8)}], [{"y": np.array([255], np.uint8)}])
    assert found["y"] == Difference(255.0, 255.0, 0.0)


@pytest.mark.parametrize("candidate", [[], [{"z": np.zeros(2)}], [{"y": np.zeros(3)}], [{"y": np.zeros(2)}] * 2])
def test_rows_names_and_shapes_must_match(candidate: list[dict[str, np.ndarray]]) -> None:
    with pytest.raises(InputError, match="`reference` and `candidate` must"):
        compare([{"y": np.zeros(2)}], candidate)


def test_agreement_of_the_top_k_ignores_order_and_the_rest() -> None:
    reference = np.array([[1, 2, 3], [4, 5, 6]])
    candidate = np.array([[2, 1, 9], [4, 7, 5]])
    assert top_k_agreement(reference, candidate, k=2) == 0.75
    with pytest.raises(InputError, match="k=4"):
        top_k_agreement(reference, candidate, k=4)


def test_a_small_loss_and_a_gain_pass() -> None:
    check(GATE, "a.tflite", reference=0.0640, value=0.0625, agreement=0.95)
    check(GATE, "a.tflite", reference=0.0640, value=0.0700, agreement=1.0)


def test_a_lost_metric_is_refused_with_the_figures() -> None:
    message = r"^a\.tflite is refused: ndcg_at_10 fell from 0\.0640 to 0\.0411 \(allowed: 0\.002\)$"
    with pytest.raises(ParityError, match=message):
        check(GATE, "a.tflite", reference=0.0640, value=0.0411, agreement=1.0)


def test_where_less_is_better_a_rise_is_refused() -> None:
    gate = Gate("logloss", allowed_loss=0.001, higher_is_better=False)
    check(gate, "a.tflite", reference=0.55, value=0.50)
    with pytest.raises(ParityError, match=r"logloss rose from 0\.5500 to 0\.5600"):
        check(gate, "a.tflite", reference=0.55, value=0.56)


def test_a_metric_that_is_no_number_is_refused() -> None:
    with pytest.raises(ParityError, match="to nan"):
        check(GATE, "a.tflite", reference=0.0640, value=math.nan, agreement=1.0)


def test_lost_agreement_is_refused_and_must_be_given() -> None:
    with pytest.raises(ParityError, match=r"agree .* to 0\.8000 \(at least 0\.9 is needed\)"):
        check(GATE, "a.tflite", reference=0.064, value=0.064, agreement=0.8)
    with pytest.raises(InputError, match="`agreement` must be given"):
        check(GATE, "a.tflite", reference=0.064, value=0.064)


def test_a_gate_checks_its_own_figures() -> None:
    with pytest.raises(InputError, match=r"`allowed_loss` must not be negative. Received: -1"):
        Gate("auc", allowed_loss=-1)
    with pytest.raises(InputError, match=r"from 0 to 1. Received: 90"):
        Gate("auc", allowed_loss=0, minimum_agreement=90)
