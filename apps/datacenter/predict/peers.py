"""Peers on the same features: the last value again, ridge, histogram boosting and an MLP, each tuned on validation."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.datacenter.predict.model import Predictor
from apps.datacenter.predict.training import changes_to_learn, features_of
from apps.datacenter.predict.windows import Windows

__all__ = ["PEERS", "Peers", "peers_of"]

_ALPHAS = (0.1, 1.0, 10.0, 100.0, 1000.0)
_LAYERS = ((64, 64), (128, 128))
_DECAYS = (1e-4, 1e-1)
_FORMS = ("change", "value")


@dataclass(frozen=True, eq=False)
class Peers:
    """What peers read and learn, for windows to train on, to validate on and to predict; all scaled.

    They may learn the value, or the change against our base, whichever is better on validation.
    """

    features: tuple[NDArray[np.float32], ...]
    """All that our networks read: of each part `[window, lead, feature]`."""
    changes: tuple[NDArray[np.float64], ...]
    """Of each part `[window, lead, target]`."""
    bases: tuple[NDArray[np.float64], ...]
    last: NDArray[np.float64]
    """The last PUE and power of the windows to predict, `[window, lead, target]`."""
    scale: NDArray[np.float64]
    """`[lead, target]`."""
    thorough: bool
    """Whether boosting and the MLP try all their settings, and the value beside the change, or a few."""
    seed: int


def peers_of(model: Predictor, parts: tuple[Windows, Windows, Windows], thorough: bool, seed: int) -> Peers:
    """Peers beside a model, on its features.

    Args:
        model: Ours, for its features; what it learned is not used.
        parts: Windows to train on, to validate on, and to predict.
        thorough: See `Peers`.
        seed: Of what draws random numbers.
    """
    features, bases, changes, last = [], [], [], []
    scale = model.scale.numpy().astype(np.float64)
    for part in parts:
        plant, demand, known = features_of(model, part)
        demands = np.repeat(demand[:, None], plant.shape[1], axis=1)
        features.append(np.concatenate([plant, demands], axis=2))
        bases.append(model.base(known).numpy() / scale)
        last.append(known)
        changes.append(changes_to_learn(model, part))
    again = np.repeat(last[-1][:, None], len(scale), axis=1).astype(np.float64)
    return Peers(tuple(features), tuple(changes), tuple(bases), again, scale, thorough, seed)


def _persistence(peers: Peers) -> NDArray[np.float64]:
    return peers.last


def _ridge(peers: Peers) -> NDArray[np.float64]:
    from sklearn.linear_model import Ridge

    def candidates(x: Any, y: Any, seen: Any, asked: Any) -> Iterator[tuple[Any, Any]]:
        for alpha in _ALPHAS:
            fitted = Ridge(alpha=alpha).fit(x, y)
            yield fitted.predict(seen), fitted.predict(asked)

    return _best(peers, candidates, forms=_FORMS[:1])


def _mlp(peers: Peers) -> NDArray[np.float64]:
    from sklearn.neural_network import MLPRegressor

    def candidates(x: Any, y: Any, seen: Any, asked: Any) -> Iterator[tuple[Any, Any]]:
        for layers, decay in product(_LAYERS, _DECAYS) if peers.thorough else ((_LAYERS[0], _DECAYS[1]),):
            fitted = MLPRegressor(
                hidden_layer_sizes=layers, alpha=decay, early_stopping=True, max_iter=100, random_state=peers.seed
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                fitted.fit(x, y)
            yield fitted.predict(seen), fitted.predict(asked)

    return _best(peers, candidates, _FORMS if peers.thorough else _FORMS[:1])


def _boosting(peers: Peers) -> NDArray[np.float64]:
    from sklearn.ensemble import HistGradientBoostingRegressor

    losses = ("absolute_error", "squared_error") if peers.thorough else ("absolute_error",)
    shapes = ((31, 0.08), (15, 0.08)) if peers.thorough else ((31, 0.1),)
    rounds = 400 if peers.thorough else 150

    def candidates(x: Any, y: Any, seen: Any, asked: Any) -> Iterator[tuple[Any, Any]]:
        for loss, (leaves, rate) in product(losses, shapes):
            fitted = HistGradientBoostingRegressor(
                loss=loss,
                learning_rate=rate,
                max_leaf_nodes=leaves,
                max_iter=rounds,
                early_stopping=False,
                random_state=peers.seed,
            ).fit(x, y)
            yield from zip(fitted.staged_predict(seen), fitted.staged_predict(asked), strict=True)

    return _best(peers, candidates, _FORMS if peers.thorough else _FORMS[:1])


def _best(
    peers: Peers, candidates: Callable[..., Iterator[tuple[Any, Any]]], forms: tuple[str, ...] = _FORMS
) -> NDArray[np.float64]:
    """The predictions of the candidate that is best on validation, for each lead and target."""
    made = np.empty(peers.changes[2].shape)
    for lead, target in np.ndindex(*peers.scale.shape):
        least = np.inf
        for form in forms:
            bases = [part[:, lead, target] if form == "change" else 0.0 for part in peers.bases]
            truth = [peers.changes[part][:, lead, target] + peers.bases[part][:, lead, target] for part in range(2)]
            x, seen, asked = (part[:, lead] for part in peers.features)
            offset = float(np.mean(truth[0] - bases[0]))
            for checked, found in candidates(x, truth[0] - bases[0] - offset, seen, asked):
                error = float(np.abs(checked + bases[1] + offset - truth[1]).mean())
                if error < least:
                    least, made[:, lead, target] = error, found + bases[2] + offset
    return made * peers.scale


PEERS: dict[str, Callable[[Peers], NDArray[np.float64]]] = {
    "persistence": _persistence,
    "ridge": _ridge,
    "hist_gradient_boosting": _boosting,
    "mlp": _mlp,
}
"""Each gives PUE and power, kW, of the windows to predict `[window, lead, target]`."""
