"""Recommendation: retrieval from a user's own history, and ranking of candidates."""

from apps.recommend.movielens import MOVIELENS_100K
from apps.recommend.options import PRESETS, IngestOptions
from gristmill.app import App, SourceOption, Task, later
from gristmill.gate import Gate

__all__ = ["app"]

_PLAN = "apps.recommend.plan"
_RETRIEVAL = "apps.recommend.retrieval"
_RANKING = "apps.recommend.ranking"

app = App(
    name="recommend",
    summary="Recommendations from interactions of users with items.",
    sources={
        "interactions": SourceOption("Files (or a glob) of user, item, time and perhaps rating.", required=True),
        "items": SourceOption("Files of items: id, title and side features."),
        "users": SourceOption("Files of users: id and side features."),
    },
    options=IngestOptions,
    plan=later(f"{_PLAN}:make_plan"),
    ingest=later("pipelines.ingest:ingest"),
    config="apps.recommend.config:RecommendConfig",
    tasks=(
        Task(
            name="retrieval",
            metrics=(
                "ndcg_at_10",
                "recall_at_10",
                "recall_at_20",
                "mrr",
                "coverage",
                "cold_ndcg_at_10",
                "warm_ndcg_at_10",
                "untied_ndcg_at_10",
            ),
            fit=later(f"{_RETRIEVAL}:fit"),
            evaluate=later(f"{_RETRIEVAL}:evaluate"),
            baselines=later(f"{_RETRIEVAL}:baselines"),
            signature=later(f"{_RETRIEVAL}:signature"),
            assets=later("apps.recommend.assets:retrieval_assets"),
            requests=later(f"{_RETRIEVAL}:requests"),
            score=later(f"{_RETRIEVAL}:score"),
            agreement=later(f"{_RETRIEVAL}:agreement"),
            gate=Gate("ndcg_at_10", allowed_loss=0.003, minimum_agreement=0.9),
            modules=("apps.recommend.next_item",),
        ),
        Task(
            name="ranking",
            metrics=("auc", "logloss"),
            fit=later(f"{_RANKING}:fit"),
            evaluate=later(f"{_RANKING}:evaluate"),
            baselines=later(f"{_RANKING}:baselines"),
            signature=later(f"{_RANKING}:signature"),
            assets=later("apps.recommend.assets:ranking_assets"),
            requests=later(f"{_RANKING}:requests"),
            score=later(f"{_RANKING}:score"),
            agreement=later(f"{_RANKING}:agreement"),
            gate=Gate("auc", allowed_loss=0.002, minimum_agreement=0.9),
            modules=("gristmill.estimator",),
            applies=later(f"{_PLAN}:ranking_applies"),
        ),
    ),
    card=later("apps.recommend.card:card"),
    presets=PRESETS,
    data=(MOVIELENS_100K,),
    default_sources=later(f"{_PLAN}:default_sources"),
    page="dashboards.recommend:page",
)
