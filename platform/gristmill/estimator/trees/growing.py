"""Trees grown by LightGBM, whose model goes in and out as text.

Source: Ke et al. 2017, https://lightgbm.readthedocs.io
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from gristmill.estimator.trees.examples import Examples

__all__ = ["Watcher", "grown"]


class Watcher(Protocol):
    """Looks on while trees grow."""

    def begin_round(self) -> None:
        """Called before each round."""

    def end_round(self, loss: float, model: Callable[[], str]) -> bool:
        """Called after each round with the mean loss and what gives the model as text; gives whether to stop."""


def grown(examples: Examples, parameters: Mapping[str, Any], rounds: int, before: str, watcher: Watcher) -> None:
    """Grows trees, one a round (one a class, where there are more than two).

    Args:
        examples: What to fit.
        parameters: LightGBM's.
        rounds: How many times to grow.
        before: The model to go on from, as text; empty for none.
        watcher: Called around each round.
    """
    import lightgbm

    def begin(env: Any) -> None:
        watcher.begin_round()

    def end(env: Any) -> None:
        found = env.evaluation_result_list
        if watcher.end_round(found[0][2] * examples.mean_weight, lambda: env.model.model_to_string(num_iteration=-1)):
            raise lightgbm.callback.EarlyStopException(env.iteration, found)

    begin.before_iteration = True  # type: ignore[attr-defined]
    data = lightgbm.Dataset(examples.inputs, examples.labels, weight=examples.weights, params=dict(parameters))
    lightgbm.train(
        dict(parameters),
        data,
        num_boost_round=rounds,
        valid_sets=[data],
        init_model=lightgbm.Booster(model_str=before) if before else None,
        keep_training_booster=True,
        callbacks=[begin, end],
    )
