"""Writes `card.md`, the model card of a run: the app gives the prose, the run gives every figure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gristmill.errors import WorkError
from gristmill.runs.comparison import flatten
from gristmill.runs.draft import Draft
from gristmill.runs.lite_rows import lite_table
from gristmill.runs.record import Metrics
from gristmill.runs.tables import (
    LOWER_IS_BETTER,
    MISSING,
    Table,
    best_systems,
    in_order,
    markdown,
    metric_title,
    number,
    quality_tables,
)

CARD = "card.md"
TEMPLATE = Path(__file__).with_name("card.md.jinja")
NOTED_PACKAGES = ("tensorflow", "keras", "ai-edge-litert", "apache-beam", "numpy", "pyarrow", "scikit-learn")


@dataclass(frozen=True)
class CardText:
    """The prose of a model card, in Markdown.

    Attributes:
        title: Title of the card, a few words.
        description: One paragraph: what the model does and how.
        intended_use: What it is for, and what it must not be used for.
        limitations: Known limitations, each a sentence or two; they become a list.
        licence_of_data: Licence of the training data, and what it asks of the user.
        citation: How to cite the data or the method, or an empty text.
        tags: Tags for the model hub, such as ("recommendation", "tflite").
        usage: Shell commands that use the run, one a line.
        task: Task of the model for the hub's list of results, such as "tabular-classification".
    """

    title: str
    description: str
    intended_use: str
    limitations: tuple[str, ...]
    licence_of_data: str
    usage: str
    citation: str = ""
    tags: tuple[str, ...] = ()
    task: str = "other"


def write_card(
    run: Draft,
    text: CardText,
    groups: Mapping[str, Sequence[str]] | None = None,
    lower_is_better: Collection[str] = LOWER_IS_BETTER,
) -> Path:
    """Writes `card.md` from what the run holds at this moment, and returns its path in the draft.

    Args:
        run: A `RunWriter` or an `Amendment`; its config, lineage, metrics and lite report are read.
        text: The prose.
        groups: {title: metrics} to show, a table each; if None, all metrics in one table.
        lower_is_better: Names, or words of names, of metrics where less is better.

    Raises:
        WorkError: `config.json` or `lineage.json` has not been written yet.
    """
    config, lineage = run.read_json("config.json"), run.read_json("lineage.json")
    if config is None or lineage is None:
        raise WorkError("cannot write the model card: write config.json and lineage.json first")
    card = render_card(
        text,
        name=run.out.name,
        config=config,
        lineage=lineage,
        metrics=run.read_json("metrics.json", {}),
        lite=run.read_json("lite/report.json", []),
        groups=groups,
        lower_is_better=lower_is_better,
    )
    path = run.path / CARD
    path.unlink(missing_ok=True)
    path.write_text(card, encoding="utf-8")
    return path


def render_card(
    text: CardText,
    *,
    name: str,
    config: Mapping[str, Any],
    lineage: Mapping[str, Any],
    metrics: Metrics,
    lite: Sequence[Mapping[str, Any]] = (),
    groups: Mapping[str, Sequence[str]] | None = None,
    lower_is_better: Collection[str] = LOWER_IS_BETTER,
) -> str:
    """Returns the text of a model card, a YAML head that the Hugging Face hub reads and Markdown below it.

    Nothing is sent anywhere: the hub's own check of the head, which needs a network, is not made.
    """
    from huggingface_hub import ModelCard, ModelCardData
    from jinja2 import Environment, StrictUndefined

    wanted = None if groups is None else {metric for group in groups.values() for metric in group}
    shown = {split: _only(systems, wanted) for split, systems in metrics.items()}
    template = Environment(trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined).from_string(
        TEMPLATE.read_text(encoding="utf-8")
    )
    body = template.render(
        text=text,
        dataset=lineage.get("dataset"),
        quality={
            split: {title: markdown(table) for title, table in quality_tables(rows, groups, lower_is_better).items()}
            for split, rows in shown.items()
        },
        lost={split: _lost(rows, lower_is_better) for split, rows in shown.items()},
        lite=markdown(lite_table(lite)) if lite else "",
        config=markdown(_settings(flatten(config))),
        lineage=markdown(_settings(_noted(lineage))),
    )
    results = _eval_results(text, lineage, shown)
    head = ModelCardData(
        library_name="keras",
        tags=["gristmill", *text.tags],
        model_name=name if results else None,
        eval_results=results or None,
    )
    return str(ModelCard(f"---\n{head.to_yaml()}\n---\n\n{body}"))


def _only(systems: Mapping[str, Mapping[str, Any]], wanted: Collection[str] | None) -> dict[str, dict[str, Any]]:
    return {
        system: {metric: value for metric, value in values.items() if wanted is None or metric in wanted}
        for system, values in systems.items()
    }


def _lost(systems: Mapping[str, Mapping[str, Any]], lower_is_better: Collection[str]) -> list[str]:
    """Names each metric in which a baseline is better than our model, as "NDCG@10 (EASE)"."""
    lost = []
    for metric, ours in systems.get("model", {}).items():
        values = {system: systems[system].get(metric) for system in in_order(systems)}
        winners = best_systems(values, metric, lower_is_better)
        if winners and "model" not in winners:
            better = ", ".join(f"{name} {number(values[name])}" for name in values if name in winners)
            lost.append(f"{metric_title(metric)} ({better} against {number(ours)})")
    return lost


def _settings(flat: Mapping[str, Any]) -> Table:
    return Table(("Key", "Value"), tuple((f"`{key}`", _setting(value)) for key, value in flat.items()))


def _setting(value: Any) -> str:
    """Formats one setting in a line; of an absolute path only the last part, as a card is passed on."""
    if isinstance(value, list):
        return ", ".join(map(_setting, value))
    if isinstance(value, str) and value.startswith("/"):
        return f"…/{Path(value).name}"
    return MISSING if value is None else str(value).replace("\n", " ")


def _noted(lineage: Mapping[str, Any]) -> dict[str, Any]:
    """Picks the lines of the lineage that a reader of the card wants."""
    code, packages = lineage.get("code") or {}, lineage.get("packages") or {}
    changed = " with uncommitted changes" if code.get("changed") else ""
    noted = {
        "created": lineage.get("created"),
        "dataset manifest sha256": (lineage.get("dataset") or {}).get("manifest_sha256"),
        "gristmill": code.get("version"),
        "commit": f"{code['commit']}{changed}" if code.get("commit") else None,
        "python": lineage.get("python"),
        "platform": lineage.get("platform"),
    }
    noted |= {package: packages.get(package) for package in NOTED_PACKAGES}
    return {key: value for key, value in noted.items() if value is not None}


def _eval_results(text: CardText, lineage: Mapping[str, Any], metrics: Metrics) -> list[Any]:
    from huggingface_hub import EvalResult

    dataset = (lineage.get("dataset") or {}).get("name") or "unknown"
    return [
        EvalResult(
            task_type=text.task,
            dataset_type=dataset,
            dataset_name=dataset,
            dataset_split=split,
            metric_type=metric,
            metric_name=metric_title(metric),
            metric_value=round(value, 6),
        )
        for split, systems in metrics.items()
        for metric, value in systems.get("model", {}).items()
        if value is not None
    ]
