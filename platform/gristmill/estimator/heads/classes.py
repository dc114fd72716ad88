"""What the heads that choose one class of several say and serve."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from gristmill.estimator.export.outputs import ClassificationOutput, ExportOutput, PredictOutput
from gristmill.estimator.heads.vocabulary import all_classes, class_names

__all__ = ["class_predictions", "classification_outputs"]


def class_predictions(class_logits: Any, n_classes: int, vocabulary: Sequence[str] | None) -> dict[str, Any]:
    """The predictions that follow from a logit per class.

    Args:
        class_logits: `[D0, ..., DN, n_classes]`.
        n_classes: How many classes there are.
        vocabulary: Their names; None names them by their numbers.

    Returns:
        `probabilities` as the logits; `class_ids` (int64) and `classes` (strings) `[D0, ..., DN, 1]`; `all_class_ids`
        (int32) and `all_classes` (strings) `[D0, n_classes]`.
    """
    class_ids = tf.argmax(class_logits, axis=-1)[..., tf.newaxis]
    all_ids, names = all_classes(class_logits, n_classes, vocabulary)
    return {
        "probabilities": tf.nn.softmax(class_logits),
        "class_ids": class_ids,
        "classes": class_names(class_ids, vocabulary),
        "all_class_ids": all_ids,
        "all_classes": names,
    }


def classification_outputs(
    predictions: dict[str, Any], n_classes: int, vocabulary: Sequence[str] | None
) -> dict[str, ExportOutput]:
    """The signatures of a classifier by name: `serving_default`, `classification` and `predict`."""
    scores = predictions["probabilities"]
    classified = ClassificationOutput(scores=scores, classes=all_classes(scores, n_classes, vocabulary)[1])
    return {
        tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY: classified,
        "classification": classified,
        "predict": PredictOutput(predictions),
    }
