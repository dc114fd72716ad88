"""Score translations of a test set: runs, files of translations, and Apertium, side by side."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gristmill.cli.output import JsonOption, QuietOption, Verb, print_table, verb
from gristmill.errors import InputError

if TYPE_CHECKING:
    from apps.translation.evaluation import Report

__all__ = ["LiteOption", "score"]

LiteOption = Annotated[
    str, typer.Option(help="Format of the run's lite file; auto for the smallest, none for the Keras model.")
]


def score(
    *,
    source: Annotated[Path | None, typer.Option(help="File of the sentences, one a line.")] = None,
    reference: Annotated[Path | None, typer.Option(help="File of their translations, one a line.")] = None,
    dataset: Annotated[Path | None, typer.Option(help="Dataset folder, in place of both files.")] = None,
    split: Annotated[str, typer.Option(help="train, validation or test; of --dataset.")] = "test",
    system: Annotated[
        list[str] | None,
        typer.Option(help="NAME=FILE of translations, one a line; may be repeated. The first system is the baseline."),
    ] = None,
    apertium: Annotated[str | None, typer.Option(help="Languages, such as en-es, for Apertium to translate.")] = None,
    run: Annotated[list[str] | None, typer.Option(help="Run or FILE.tflite that translates; may be repeated.")] = None,
    beam: Annotated[int, typer.Option(help="Hypotheses that the runs' search keeps.")] = 1,
    lite: LiteOption = "auto",
    examples: Annotated[int, typer.Option(min=0, help="Sentences to show where systems differ most.")] = 3,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Score systems by BLEU and chrF, and tell by paired bootstrap how sure their difference is.

    Systems stand in the order files, Apertium, runs; the first is the baseline that the others are compared with.
    """
    with verb(as_json, quiet) as call:
        from apps.translation.evaluation import evaluate

        sources, references = _test_set(source, reference, dataset, split)
        systems = dict(_from_file(word) for word in system or [])
        if apertium:
            systems |= _by_apertium(apertium, sources, call)
        for each in run or []:
            systems |= _by_run(each, lite, sources, beam, call)
        if not systems:
            raise InputError("one of `--system`, `--apertium` and `--run` must be given. Received: none")
        with call.progress.task("score"):
            report = evaluate(systems, sources, references, examples)
        call.result(report.as_dict(), lambda: _show(report, f"{len(references)} sentences of {reference or dataset}"))


def _test_set(
    source: Path | None, reference: Path | None, dataset: Path | None, split: str
) -> tuple[list[str], list[str]]:
    if dataset and not source and not reference:
        from gristmill.data.dataset import Dataset

        table = Dataset.open(dataset).read(split)
        if not {"source", "target"} <= set(table.column_names):
            raise InputError(
                f"{dataset} must be a dataset of translation. Received: columns {', '.join(table.column_names)}"
            )
        return table.column("source").to_pylist(), table.column("target").to_pylist()
    if dataset or not source or not reference:
        raise InputError("`--source` and `--reference`, or `--dataset`, must be given. Received: other than that")
    from apps.translation.text.lines import read_file

    sources, references = read_file(source), read_file(reference)
    if len(sources) != len(references) or not sources:
        raise InputError(
            f"{source} and {reference} must have equally many lines. Received: {len(sources)} and {len(references)}"
        )
    return sources, references


def _from_file(word: str) -> tuple[str, list[str]]:
    from apps.translation.text.lines import read_file

    name, sign, path = word.partition("=")
    if not (name and sign and path):
        raise InputError(f"`--system` must be NAME=FILE. Received: {word!r}")
    return name, read_file(Path(path))


def _by_apertium(pair: str, sources: list[str], call: Verb) -> dict[str, list[str]]:
    from apps.translation.evaluation import Apertium

    languages = pair.split("-")
    if len(languages) != 2:
        raise InputError(f"`--apertium` must be two languages, such as en-es. Received: {pair!r}")
    peer = Apertium(*languages)
    with call.progress.task(peer.name):
        return {peer.name: peer.translate(sources)}


def _by_run(run: str, lite: str, sources: list[str], beam: int, call: Verb) -> dict[str, list[str]]:
    from apps.translation.opened import open_model
    from apps.translation.text import Translator

    model = open_model(run, lite)
    translator = Translator(model.engine, model.vocabulary, beam=beam, segment_pieces=model.segment_pieces)
    with call.progress.task(f"translate with {run}: lines", total=len(sources)) as task:
        return {run: translator.translate(sources, task.advance)}


def _show(report: "Report", title: str) -> None:
    from apps.translation.evaluation import COLUMNS

    print_table(list(COLUMNS), report.rows, title)
    for signature in report.signatures.values():
        typer.echo(signature)
    for name, (ahead, behind) in report.examples.items():
        for side, found in (("ahead", ahead), ("behind", behind)):
            for one in found:
                typer.echo(f"\n{name}, {side} in line {one.number} (chrF {one.our_score:.0f}, {one.their_score:.0f})")
                for what, text in (("source", one.source), ("reference", one.reference), (name, one.ours)):
                    typer.echo(f"  {what}: {text}")
                typer.echo(f"  the other: {one.theirs}")
