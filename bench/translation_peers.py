"""BLEU and chrF of Apertium, of a phrase-based system trained on the same pairs, and of a run, on the same sentences."""

import gzip
import resource
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from apps.translation.evaluation import METRICS, Apertium, Report, evaluate, score
from bench.inputs import Inputs
from bench.phrase_peer import TUNED, UNTUNED, trained
from bench.tables import note, show
from gristmill.errors import InputError

__all__ = ["read_pairs", "run"]

_LANGUAGES = ("en", "es")
_FIRST = 500
"""Sentences of the second table: earlier figures of this project were measured on these."""


@dataclass(frozen=True)
class _System:
    lines: list[str]
    train_seconds: float
    """CPU-seconds."""
    translate_seconds: float


def run(inputs: Inputs) -> None:
    """Prints the table, each system beside the phrase-based one, and where they differ most."""
    if not inputs.pairs:
        raise InputError("`--pairs` must be a folder with train.tsv.gz and dev.tsv.gz. Received: none")
    sources, references = read_pairs(inputs.pairs / "dev.tsv.gz")
    systems = _phrase_based(inputs, sources) | {"source as it is": _System(sources, 0, 0)}
    apertium = Apertium(*_LANGUAGES)
    systems[apertium.name] = _System(*_timed(lambda: apertium.translate(sources)))
    if inputs.given_run:
        systems[str(inputs.given_run)] = _own(inputs.given_run, sources)
    report = evaluate({name: system.lines for name, system in systems.items()}, sources, references, examples=2)
    _show(report, systems, f"{len(sources)} sentences of {inputs.pairs.name}, dev")
    if inputs.given_run:
        _show_beside(f"phrase-based (Thot), {UNTUNED}", str(inputs.given_run), systems, sources, references)
    rows = []
    for name, system in systems.items():
        values = score(system.lines[:_FIRST], references[:_FIRST]).values
        rows.append([name, *(f"{values[metric]:.1f}" for metric in METRICS)])
    show(f"the first {_FIRST} of them", ["system", *METRICS], rows)


def read_pairs(path: Path) -> tuple[list[str], list[str]]:
    """Both sides of a file of lines source<TAB>target, compressed by gzip."""
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as stream:
        pairs = [line.removesuffix("\n").split("\t") for line in stream]
    return [source for source, _ in pairs], [target for _, target in pairs]


def _phrase_based(inputs: Inputs, sources: list[str]) -> dict[str, _System]:
    """Thot by both weights, the stronger first."""
    assert inputs.pairs
    with inputs.progress.task("train the phrase-based system"):
        system = trained(*read_pairs(inputs.pairs / "train.tsv.gz"), inputs.phrases or inputs.folder / "phrases")
    found = {}
    for weights in (TUNED, UNTUNED):
        with inputs.progress.task(f"translate with it, {weights}"):
            lines, seconds = system.translate(sources, weights)
        found[f"phrase-based (Thot), {weights}"] = _System(lines, system.train_seconds[weights], seconds)
    return found


def _timed(work: Callable[[], list[str]]) -> tuple[list[str], float, float]:
    before = _cpu_seconds()
    lines = work()
    return lines, 0.0, _cpu_seconds() - before


def _cpu_seconds() -> float:
    """Of this process and of those that it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _own(run: Path, sources: list[str]) -> _System:
    from apps.translation.config import DecodingConfig
    from apps.translation.opened import open_model
    from apps.translation.text import Translator

    model = open_model(str(run))
    beam = DecodingConfig().beam
    translator = Translator(model.engine, model.vocabulary, beam=beam, segment_pieces=model.segment_pieces)
    translator.translate(sources[:1])
    return _System(*_timed(lambda: translator.translate(sources)))


def _show_beside(
    first: str, second: str, systems: dict[str, _System], sources: list[str], references: list[str]
) -> None:
    """A note on how much better the second is."""
    lines = {name: systems[name].lines for name in (first, second)}
    found = evaluate(lines, sources, references).differences[second]["bleu_lowercase"]
    note(f"{second} less {first}: lower-case BLEU {found.difference:+.1f} (p {found.p_value:.3f})")


def _show(report: Report, systems: dict[str, _System], title: str) -> None:
    rows = []
    for name, scores in report.scores.items():
        beside = report.differences.get(name)
        change = (
            f"{beside['bleu_lowercase'].difference:+.1f} (p {beside['bleu_lowercase'].p_value:.3f})" if beside else ""
        )
        system = systems[name]
        seconds = [f"{system.train_seconds:.0f}", f"{system.translate_seconds:.1f}"]
        rows.append([name, *(f"{scores.values[metric]:.1f}" for metric in METRICS), change, *seconds])
    columns = ["system", *METRICS, "lower-case BLEU less the first's", "CPU-s to train", "CPU-s to translate"]
    show(title, columns, rows)
    for signature in report.signatures.values():
        note(signature)
    for name, (ahead, behind) in report.examples.items():
        for one in [*ahead, *behind]:
            note(
                f"{name} {one.our_score:.0f}, {one.their_score:.0f}: {one.source} | {one.reference} | {one.ours} | {one.theirs}"
            )
