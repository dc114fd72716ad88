"""Judges recommendations: the whole catalogue ranked, seen items left out, ties counted against the system.

NDCG and MRR as in https://en.wikipedia.org/wiki/Discounted_cumulative_gain with one relevant item.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from apps.recommend.events import HeldOut

__all__ = ["METRICS", "Scorer", "judge", "rank_metrics", "target_ranks"]

METRICS = ("ndcg_at_10", "recall_at_10", "recall_at_20", "mrr", "coverage", "cold_ndcg_at_10", "warm_ndcg_at_10")

Histories = Sequence[NDArray[np.int32]]
Scorer = Callable[[Histories], NDArray[np.float32]]
"""Histories to scores of all items, `[histories, items + 1]`, column 0 unused."""

_BATCH = 256


def judge(scorer: Scorer, held_out: HeldOut, cold_below: int) -> dict[str, float]:
    """Metrics of a system on held-out events.

    Args:
        scorer: The system.
        held_out: Histories and targets.
        cold_below: Users with a shorter history are cold, the others warm.

    Returns:
        NDCG@10, Recall@10, Recall@20 and MRR over all users; NDCG@10 and Recall@10 of cold users, of warm users, and of those whose
        target has a second of its own; coverage, the share of the catalogue that stands in anyone's first ten.
    """
    ranks, shown, width = [], set[int](), 0
    for start in range(0, len(held_out.histories), _BATCH):
        histories = held_out.histories[start : start + _BATCH]
        scores = without_seen(scorer(histories), histories)
        ranks.append(target_ranks(scores, held_out.targets[start : start + _BATCH]))
        best = np.argpartition(-scores, min(10, scores.shape[1] - 1), axis=1)[:, :10]
        shown.update(best[np.isfinite(np.take_along_axis(scores, best, axis=1))].tolist())
        width = scores.shape[1] - 1
    rank = np.concatenate(ranks)
    cold = np.array([len(history) < cold_below for history in held_out.histories])
    metrics = rank_metrics(rank) | {"coverage": len(shown) / max(width, 1)}
    for name, part in (("cold", cold), ("warm", ~cold), ("untied", ~held_out.tied)):
        if part.any():
            group = rank_metrics(rank[part])
            metrics |= {f"{name}_{metric}": group[metric] for metric in ("ndcg_at_10", "recall_at_10")}
            metrics[f"{name}_users"] = float(part.sum())
    return metrics


def without_seen(scores: NDArray[np.float32], histories: Histories) -> NDArray[np.float32]:
    """A copy of the scores in which padding and each history's own items stand at minus infinity."""
    scores = np.array(scores, np.float32)
    scores[:, 0] = -np.inf
    for row, history in enumerate(histories):
        scores[row, history] = -np.inf
    return scores


def target_ranks(scores: NDArray[np.float32], targets: NDArray[np.int32]) -> NDArray[np.int64]:
    """Rank of each target from 1: itself and all others whose score is not lower.

    A target that the user has seen before, or whose score is not finite, ranks behind everything.
    """
    own = np.take_along_axis(scores, targets[:, None].astype(np.int64), axis=1)
    ranks = (~(scores < own)).sum(axis=1)
    ranks[~np.isfinite(own[:, 0])] = scores.shape[1]
    return ranks


def rank_metrics(ranks: NDArray[np.int64]) -> dict[str, float]:
    """NDCG@10, Recall@10, Recall@20 and MRR from the ranks of the targets."""
    gain = np.where(ranks <= 10, 1 / np.log2(ranks + 1.0), 0.0)
    return {
        "ndcg_at_10": float(gain.mean()),
        "recall_at_10": float((ranks <= 10).mean()),
        "recall_at_20": float((ranks <= 20).mean()),
        "mrr": float((1 / ranks).mean()),
    }
