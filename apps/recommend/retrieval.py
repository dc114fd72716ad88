"""Trains the retrieval model, judges it, and makes the function that a phone calls with its own history."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from apps.recommend.baselines import tuned_baselines
from apps.recommend.config import RetrievalConfig
from apps.recommend.evaluation import Scorer, judge, rank_metrics
from apps.recommend.events import Events
from apps.recommend.losses import full_loss, sampled_loss
from apps.recommend.next_item import NextItemModel
from apps.recommend.stream import left_padded, pack
from gristmill.app import Outputs, Work
from gristmill.lite import Signature
from gristmill.training import Group, Judge, Step, train

__all__ = ["agreement", "baselines", "evaluate", "fit", "requests", "score", "scorer", "signature"]

_LARGEST_FULL_CATALOGUE = 20_000
_SAMPLED = 4096
_WARM_UP_SHARE = 0.05
_SCORED_TOGETHER = 128


def fit(work: Work) -> NextItemModel:
    """Trains on all but each user's last two events; the validation event chooses the epoch.

    Raises:
        InputError: No user has enough events to be judged.
    """
    config: RetrievalConfig = work.config.retrieval
    events = Events.load(work.dataset)
    held_out = events.held_out("validation")
    known = [history for history in events.known("validation") if len(history)]
    model = _build(config, len(events.items), known)
    rows = len(pack(known, config.window, config.batch_rows, np.random.default_rng(0)).items)
    steps = rows // config.batch_rows
    step = _step(model, config, known, steps)
    score = scorer(model)
    watch = Judge(
        lambda: {"ndcg_at_10": judge(score, held_out, work.config.cold_below)["ndcg_at_10"]},
        "ndcg_at_10",
        first=min(config.evaluate_from, config.epochs),
        every=2,
    )

    def batches(epoch: int, first: int) -> Iterator[tuple[Any, ...]]:
        packed = pack(known, config.window, config.batch_rows, np.random.default_rng([work.seed, epoch]))
        for start in range(first * config.batch_rows, rows, config.batch_rows):
            yield tuple(tf.constant(part[start : start + config.batch_rows]) for part in packed)

    train(
        step,
        batches,
        epochs=config.epochs,
        steps_per_epoch=steps,
        judge=watch,
        **work.training("retrieval"),
    )
    return model


def _build(config: RetrievalConfig, items: int, known: Sequence[NDArray[np.int32]]) -> NextItemModel:
    """A model whose output bias starts at the items' log popularity."""
    model = NextItemModel(
        items, config.width, config.layers, config.heads, config.window, config.dropout, config.embedding_dropout
    )
    empty = np.zeros((1, config.window), np.int32)
    model((empty, empty))
    popularity = np.log1p(np.bincount(np.concatenate(known), minlength=items + 1))
    model.bias.assign(popularity - popularity.mean())
    return model


def _step(model: NextItemModel, config: RetrievalConfig, known: Sequence[NDArray[np.int32]], steps: int) -> Step:
    total = steps * config.epochs
    warm_up = max(1, int(_WARM_UP_SHARE * total))
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, max(1, total - warm_up), alpha=0.05, warmup_target=config.learning_rate, warmup_steps=warm_up
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=config.weight_decay, beta_2=0.98, global_clipnorm=1.0)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta", "distance_bias"])
    negatives = config.negatives
    if negatives is None:
        negatives = 0 if model.items <= _LARGEST_FULL_CATALOGUE else _SAMPLED
    seeds = keras.random.SeedGenerator()
    loss: Callable[..., Any] = sampled_loss(model, negatives, seeds) if negatives else full_loss(model, known)
    group = Group(optimizer, model.trainable_variables)
    return Step(
        loss,
        [group],
        state=[*model.non_trainable_variables, seeds.state],
        jit_compile=config.jit_compile and not negatives,
        average=config.average,
    )


def scorer(model: NextItemModel) -> Scorer:
    """The model as a function from histories to scores."""
    compiled = tf.function(model.next_scores)

    def score(histories: Sequence[NDArray[np.int32]]) -> NDArray[np.float32]:
        padded = left_padded(histories, model.window)
        whole = np.zeros((-(-len(padded) // _SCORED_TOGETHER) * _SCORED_TOGETHER, model.window), np.int32)
        whole[: len(padded)] = padded
        parts = [compiled(tf.constant(part)).numpy() for part in np.split(whole, len(whole) // _SCORED_TOGETHER)]
        return np.concatenate(parts)[: len(padded)]

    return score


def evaluate(model: keras.Model, work: Work, split: str) -> dict[str, float]:
    """Metrics of the model on a split."""
    return judge(scorer(model), Events.load(work.dataset).held_out(split), work.config.cold_below)


def baselines(work: Work, split: str) -> dict[str, dict[str, float]]:
    """Popularity, ItemKNN and EASE, tuned on validation, on a split."""
    return tuned_baselines(Events.load(work.dataset), split, work.config.cold_below, work.progress.line)


def signature(model: NextItemModel, work: Work) -> Signature:
    """`recommend`: a left-padded history of item indices in, the best unseen items and their scores out.

    Where fewer items than asked are unseen, the rest of the list is 0.
    """
    config: RetrievalConfig = work.config.retrieval
    top = min(config.top, model.items)

    def recommend(history: Any) -> Mapping[str, Any]:
        scores = model.next_scores(history[:, -config.window :])[0]
        seen = tf.scatter_nd(tf.reshape(history, (-1, 1)), tf.ones(config.history), (model.items + 1,))
        barred = seen + tf.one_hot(0, model.items + 1) > 0
        values, items = tf.math.top_k(tf.where(barred, -1e9, scores), top)
        return {"items": tf.where(tf.gather(barred, items), 0, items)[None], "scores": values[None]}

    return Signature("recommend", recommend, {"history": ((1, config.history), "int32")})


def requests(work: Work, split: str) -> list[dict[str, Any]]:
    """Each judged user's history, as the exported function takes it."""
    held_out = Events.load(work.dataset).held_out(split)
    padded = left_padded(held_out.histories, work.config.retrieval.history)
    return [{"history": row[None]} for row in padded]


def score(outputs: Sequence[Outputs], work: Work, split: str) -> dict[str, float]:
    """NDCG@10 and Recall@10 of recommended lists; ties count against them."""
    targets = Events.load(work.dataset).held_out(split).targets
    items = np.concatenate([output["items"] for output in outputs])
    values = np.concatenate([output["scores"] for output in outputs])
    hit = items == targets[:, None]
    own = np.where(hit.any(axis=1), values[np.arange(len(hit)), hit.argmax(axis=1)], np.inf)
    ranks = np.where(hit.any(axis=1), (values >= own[:, None]).sum(axis=1), np.iinfo(np.int64).max)
    metrics = rank_metrics(ranks)
    return {name: metrics[name] for name in ("ndcg_at_10", "recall_at_10")}


def agreement(reference: Sequence[Outputs], outputs: Sequence[Outputs]) -> float:
    """Mean share of the reference's first ten items that are among the other's first ten."""
    shares = []
    for first, second in zip(reference, outputs, strict=True):
        wanted, found = (set(side["items"][0, :10].tolist()) - {0} for side in (first, second))
        shares.append(len(wanted & found) / len(wanted) if wanted else 1.0)
    return float(np.mean(shares))
