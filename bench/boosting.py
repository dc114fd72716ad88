"""The peer of the ranking model: LightGBM on the same events, features and split, tuned a little on validation.

Source: Ke et al. 2017, https://lightgbm.readthedocs.io
"""

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import log_loss, roc_auc_score

from apps.recommend import ranking
from gristmill.app import Work

__all__ = ["GRID", "measure", "table"]

GRID: dict[str, tuple[Any, ...]] = {
    "num_leaves": (7, 15, 31),
    "min_data_in_leaf": (100, 300),
    "cat_smooth": (10.0, 50.0),
    "feature_fraction": (0.5, 0.8),
}
_FIXED = {"objective": "binary", "learning_rate": 0.05, "verbosity": -1, "num_threads": 2}
_TREES = 2000
_PATIENCE = 50


def measure(work: Work) -> tuple[dict[str, float], dict[str, Any]]:
    """AUC and log loss on the test split, and the settings that the log loss on validation chose."""
    import lightgbm

    data = ranking.prepare(work)
    splits = {split: data.rows(split) for split in ("train", "validation", "test")}
    features = {split: table(data, rows) for split, rows in splits.items()}
    train = lightgbm.Dataset(
        features["train"][0],
        data.liked[splits["train"]],
        categorical_feature=features["train"][1],
        params={"min_data_in_leaf": min(GRID["min_data_in_leaf"]), "verbosity": -1},
        free_raw_data=False,
    )
    held_out = train.create_valid(features["validation"][0], data.liked[splits["validation"]])
    best: tuple[float, Any, dict[str, Any]] | None = None
    for values in itertools.product(*GRID.values()):
        settings = dict(zip(GRID, values, strict=True))
        stop = lightgbm.early_stopping(_PATIENCE, verbose=False)
        model = lightgbm.train(
            {**_FIXED, **settings, "seed": work.seed}, train, _TREES, valid_sets=[held_out], callbacks=[stop]
        )
        loss = model.best_score["valid_0"]["binary_logloss"]
        if best is None or loss < best[0]:
            best = loss, model, settings
    assert best is not None
    probability = best[1].predict(features["test"][0])
    liked = data.liked[splits["test"]]
    metrics = {"auc": float(roc_auc_score(liked, probability)), "logloss": float(log_loss(liked, probability))}
    return metrics, best[2] | {"trees": best[1].best_iteration}


def table(data: ranking.RankingData, rows: NDArray[np.int64]) -> tuple[NDArray[np.float32], list[int]]:
    """The model's features as columns, `[rows, columns]`, and which of them are categories; a list becomes a column a term."""
    columns: list[NDArray[Any]] = []
    categories: list[int] = []
    lists = {side.column.name: side.column.count for side in data.item_side + data.user_side if side.column.length}
    for name, values in data.features(rows).items():
        if name in lists:
            several = np.zeros((len(rows), lists[name]), np.float32)
            np.put_along_axis(several, values.astype(np.int64), 1.0, axis=1)
            columns += list(several[:, 1:].T)
        else:
            if name not in data.numbers:
                categories.append(len(columns))
            columns.append(values)
    return np.column_stack(columns).astype(np.float32), categories
