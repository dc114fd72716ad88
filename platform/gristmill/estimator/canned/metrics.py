"""Metrics of binary classifiers."""

from typing import Any

import numpy as np

__all__ = ["binary_metrics", "logistic"]

_SMALLEST = 1e-7


def logistic(logits: Any) -> Any:
    """Probabilities of logits, float64."""
    from scipy.special import expit

    return expit(np.asarray(logits, np.float64))


def binary_metrics(labels: Any, probability: Any) -> dict[str, float]:
    """Area under the ROC curve, log loss and accuracy.

    The area is left out where only one of the two classes occurs, since it has no value there.

    Args:
        labels: 0 or 1, `[records]`.
        probability: Of 1, `[records]`; the log loss takes it within 1e-7 of 0 and 1.
    """
    from sklearn.metrics import log_loss, roc_auc_score

    truth = np.asarray(labels)
    clipped = np.clip(np.asarray(probability, np.float64), _SMALLEST, 1 - _SMALLEST)
    area = {"auc": float(roc_auc_score(truth, clipped))} if 0 < truth.mean() < 1 else {}
    return area | {
        "logloss": float(log_loss(truth, clipped, labels=[0, 1])),
        "accuracy": float(((clipped > 0.5) == (truth > 0.5)).mean()),
    }
