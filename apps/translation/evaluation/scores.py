"""BLEU and chrF by sacrebleu, and whether two systems differ by more than chance (paired bootstrap)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gristmill.errors import InputError

__all__ = ["Difference", "METRICS", "SAMPLES", "Scores", "compare", "score", "sentence_scores"]

METRICS = ("bleu", "bleu_lowercase", "chrf")
"""BLEU, BLEU of the texts in small letters, chrF; all from 0 to 100, more is better."""
SAMPLES = 1000
"""How often paired bootstrap draws the sentences anew."""


@dataclass(frozen=True)
class Scores:
    """How near translations are to the references."""

    values: Mapping[str, float]
    """One for each of `METRICS`."""
    signatures: Mapping[str, str]
    """What sacrebleu computed each by: its version, tokeniser, case and smoothing."""
    sentences: int


@dataclass(frozen=True)
class Difference:
    """A system beside another on the same sentences, for one metric."""

    score: float
    difference: float
    """Its score less the other's."""
    interval: float
    """Half of the 95% interval of its own score."""
    p_value: float
    """Chance of a difference as large where the systems are equal; at least 1 / (samples + 1)."""


def score(translations: Sequence[str], references: Sequence[str]) -> Scores:
    """The scores of the translations of a test set.

    Raises:
        InputError: There are none, or not as many as references.
    """
    _check({"translations": translations}, references)
    values, signatures = {}, {}
    for name, metric in _metrics().items():
        values[name] = float(metric.corpus_score(list(translations), [list(references)]).score)
        signatures[name] = str(metric.get_signature())
    return Scores(values, signatures, len(references))


def compare(
    systems: Mapping[str, Sequence[str]], references: Sequence[str], baseline: str, samples: int = SAMPLES
) -> dict[str, dict[str, Difference]]:
    """Compares systems with one of them by paired bootstrap resampling (Koehn 2004, https://aclanthology.org/W04-3250).

    Args:
        systems: Translations of the same sentences, by name.
        references: One translation of each sentence.
        baseline: Name of the system that the others are compared with.
        samples: How often the sentences are drawn anew.

    Returns:
        By system other than the baseline and by metric.

    Raises:
        InputError: The baseline is not among the systems, or one has not as many lines as there are references.
    """
    from sacrebleu.significance import PairedTest

    if baseline not in systems:
        raise InputError(f"`baseline` must be one of {', '.join(systems)}. Received: {baseline!r}")
    _check(systems, references)
    ordered: list[tuple[str, Sequence[str]]] = [(baseline, list(systems[baseline]))]
    ordered += [(name, list(lines)) for name, lines in systems.items() if name != baseline]
    found: dict[str, dict[str, Difference]] = {name: {} for name, _ in ordered[1:]}
    for title, metric in _metrics().items() if len(ordered) > 1 else ():
        _, table = PairedTest(ordered, {title: metric}, [list(references)], test_type="bs", n_samples=samples)()
        results: list[Any] = next(rows for key, rows in table.items() if key != "System")
        for (name, _), result in zip(ordered[1:], results[1:], strict=True):
            difference = float(result.score - results[0].score)
            p_value = float(result.p_value) if difference else 1.0  # sacrebleu gives equal systems the smallest one
            found[name][title] = Difference(float(result.score), difference, float(result.ci), p_value)
    return found


def sentence_scores(translations: Sequence[str], references: Sequence[str]) -> list[float]:
    """Sentence by sentence, the chrF from 0 to 100; it is steadier on single sentences than BLEU."""
    _check({"translations": translations}, references)
    metric = _metrics()["chrf"]
    pairs = zip(translations, references, strict=True)
    return [float(metric.sentence_score(translation, [reference]).score) for translation, reference in pairs]


def _metrics() -> dict[str, Any]:
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

    return dict(zip(METRICS, (BLEU(), BLEU(lowercase=True), CHRF()), strict=True))


def _check(systems: Mapping[str, Sequence[str]], references: Sequence[str]) -> None:
    if not references:
        raise InputError("`references` must have at least one line. Received: none")
    for name, lines in systems.items():
        if len(lines) != len(references):
            raise InputError(
                f"{name!r} must have one line for each of the {len(references)} references. Received: {len(lines)}"
            )
