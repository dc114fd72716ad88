"""The judge, by hand: ranks, ties, what was seen, and the parts of the users."""

import math
from typing import Any

import numpy as np
import pytest

from apps.recommend.evaluation import judge, rank_metrics, target_ranks, without_seen
from apps.recommend.events import HeldOut

NOTHING = -math.inf


def held_out(histories: list[list[int]], targets: list[int], tied: list[bool] | None = None) -> HeldOut:
    made = [np.array(history, np.int32) for history in histories]
    return HeldOut(np.arange(len(made)), made, np.array(targets, np.int32), np.array(tied or [False] * len(made)))


def ranks(scores: list[list[float]], targets: list[int]) -> list[int]:
    return target_ranks(np.array(scores, np.float32), np.array(targets, np.int32)).tolist()


def test_the_rank_counts_better_scores() -> None:
    assert ranks([[NOTHING, 3, 1, 2]] * 3, [1, 2, 3]) == [1, 3, 2]


def test_ties_count_against_the_target() -> None:
    assert ranks([[NOTHING, 5, 5, 5, 1]], [2]) == [3]


def test_one_score_for_all_ranks_the_target_last() -> None:
    assert ranks([[NOTHING, 0, 0, 0, 0]], [1]) == [4]


@pytest.mark.parametrize("value", [NOTHING, math.nan, math.inf])
def test_a_target_without_a_finite_score_ranks_behind_everything(value: float) -> None:
    assert ranks([[NOTHING, value, 0, 0]], [1]) == [4]


def test_scores_that_are_not_numbers_count_against_the_target() -> None:
    assert ranks([[NOTHING, 1, math.nan, math.nan]], [1]) == [3]


def test_what_was_seen_and_padding_cannot_be_recommended() -> None:
    scores = np.ones((2, 4), np.float32)
    left = without_seen(scores, [np.array([2, 2]), np.array([], np.int32)])
    assert left.tolist() == [[NOTHING, 1, NOTHING, 1], [NOTHING, 1, 1, 1]]
    assert scores.all()


def test_the_metrics_of_ranks_by_hand() -> None:
    metrics = rank_metrics(np.array([1, 3, 10, 11, 20, 21]))
    assert metrics == {
        "ndcg_at_10": pytest.approx((1 + 1 / math.log2(4) + 1 / math.log2(11)) / 6),
        "recall_at_10": 3 / 6,
        "recall_at_20": 5 / 6,
        "mrr": pytest.approx((1 + 1 / 3 + 1 / 10 + 1 / 11 + 1 / 20 + 1 / 21) / 6),
    }


def test_seen_items_do_not_stand_before_the_target() -> None:
    guess = held_out([[1, 2]], [3])
    metrics = judge(lambda asked: np.array([[99, 9, 8, 7, 6]], np.float32), guess, 1)
    assert metrics["mrr"] == 1


def test_a_target_that_was_seen_before_ranks_last() -> None:
    metrics = judge(lambda asked: np.array([[0, 9, 8, 7, 6]], np.float32), held_out([[1, 2]], [1]), 1)
    assert metrics["mrr"] == 1 / 5


def test_the_users_are_judged_in_parts() -> None:
    guess = held_out([[1], [1, 2], [1, 2, 3]], [4, 4, 4], [False, True, False])
    scores = np.array([[0, 0, 3, 2, 1], [0, 0, 0, 2, 1], [0, 0, 0, 0, 1]], np.float32)
    metrics = judge(lambda asked: scores, guess, cold_below=2)
    third, second, first = 0.5, 1 / math.log2(3), 1.0
    assert metrics["ndcg_at_10"] == pytest.approx((third + second + first) / 3)
    assert metrics["cold_ndcg_at_10"] == pytest.approx(third)
    assert metrics["warm_ndcg_at_10"] == pytest.approx((second + first) / 2)
    assert metrics["untied_ndcg_at_10"] == pytest.approx((third + first) / 2)
    assert (metrics["cold_users"], metrics["warm_users"], metrics["untied_users"]) == (1, 2, 2)
    assert metrics["cold_recall_at_10"] == metrics["warm_recall_at_10"] == 1


def test_a_part_without_users_has_no_figures() -> None:
    metrics = judge(lambda asked: np.ones((1, 5), np.float32), held_out([[1, 2]], [3], [True]), cold_below=1)
    assert not any(name.startswith(("cold", "untied")) for name in metrics)
    assert metrics["warm_users"] == 1


def test_coverage_is_the_share_of_the_catalogue_in_anyones_first_ten() -> None:
    first, second = np.zeros(41, np.float32), np.zeros(41, np.float32)
    first[1:11], second[6:16] = 1, 1
    guess = held_out([[20], [20]], [1, 6])
    assert judge(lambda asked: np.array([first, second]), guess, 1)["coverage"] == 15 / 40


def test_coverage_leaves_out_what_was_seen() -> None:
    metrics = judge(lambda asked: np.ones((1, 5), np.float32), held_out([[1, 2, 3]], [4]), 1)
    assert metrics["coverage"] == 1 / 4


def test_many_users_are_judged_as_each_alone() -> None:
    random = np.random.default_rng(0)
    histories = [random.choice(np.arange(1, 31), 5, False).tolist() for _ in range(600)]
    targets = random.integers(1, 31, 600).tolist()
    table = random.normal(size=(31, 31)).astype(np.float32)

    def scorer(asked: Any) -> Any:
        return np.stack([table[history].sum(axis=0) for history in asked])

    together = judge(scorer, held_out(histories, targets), 1)
    alone = [judge(scorer, held_out([h], [t]), 1) for h, t in zip(histories, targets, strict=True)]
    for name in ("ndcg_at_10", "recall_at_10", "recall_at_20", "mrr"):
        assert together[name] == pytest.approx(np.mean([metrics[name] for metrics in alone]))
