"""Translation: from sentence pairs to an offline translator."""

from apps.translation.options import IngestOptions
from apps.translation.presets import PRESETS
from apps.translation.sources import CATALOGUES
from gristmill.app import App, SourceOption, Task, later
from gristmill.gate import Gate

__all__ = ["app"]

_TASK = "apps.translation.task"

app = App(
    name="translation",
    summary="Translation from sentence pairs; two parallel files are given as LEFT::RIGHT, and TMX is read too.",
    sources={
        "pairs": SourceOption("Files (or a glob) of source and target; LEFT::RIGHT names two parallel files.", True),
    },
    options=IngestOptions,
    plan=later("apps.translation.plan:make_plan"),
    ingest=later("pipelines.ingest:ingest"),
    config="apps.translation.config:TranslationConfig",
    tasks=(
        Task(
            name="translate",
            metrics=("bleu", "bleu_lowercase", "chrf"),
            fit=later(f"{_TASK}:fit"),
            evaluate=later(f"{_TASK}:evaluate"),
            baselines=later(f"{_TASK}:baselines"),
            signature=later(f"{_TASK}:signature"),
            assets=later(f"{_TASK}:assets"),
            requests=later(f"{_TASK}:requests"),
            score=later(f"{_TASK}:score"),
            agreement=later(f"{_TASK}:agreement"),
            gate=Gate("bleu", allowed_loss=0.3, minimum_agreement=0.99),
            formats=("f32", "int8_weights"),
            modules=("apps.translation.model",),
        ),
    ),
    presets=PRESETS,
    data=(CATALOGUES,),
    default_sources=later("apps.translation.data:default_sources"),
    card=later("apps.translation.card:card"),
    show=later("apps.translation.cleaning.show:show_report"),
    page="dashboards.translation:page",
)
