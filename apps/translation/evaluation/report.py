"""A test set and the systems that translated it: one table, with significance and examples."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from apps.translation.evaluation.examples import Example, largest_differences, largest_errors
from apps.translation.evaluation.scores import METRICS, Difference, Scores, compare, score

__all__ = ["COLUMNS", "Report", "evaluate"]

COLUMNS = ("system", "BLEU", "BLEU lower-case", "chrF", "BLEU less the first's", "p")


@dataclass(frozen=True)
class Report:
    """What came of an evaluation.

    Attributes:
        scores: Of each system, the baseline first.
        differences: Each other system beside the baseline.
        examples: By other system, where it is ahead the most and where it is behind the most; by the baseline's own name
            its largest errors, where it stands alone.
    """

    scores: Mapping[str, Scores]
    differences: Mapping[str, Mapping[str, Difference]]
    examples: Mapping[str, tuple[list[Example], list[Example]]]

    @property
    def rows(self) -> list[list[str]]:
        """The table, in the columns of `COLUMNS`."""
        rows = []
        for name, scores in self.scores.items():
            beside = self.differences.get(name)
            change = [f"{beside['bleu'].difference:+.1f}", f"{beside['bleu'].p_value:.3f}"] if beside else ["", ""]
            rows.append([name, *(f"{scores.values[metric]:.1f}" for metric in METRICS), *change])
        return rows

    @property
    def signatures(self) -> Mapping[str, str]:
        """What sacrebleu computed by, by metric."""
        return next(iter(self.scores.values())).signatures

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return {
            "scores": {name: dict(scores.values) for name, scores in self.scores.items()},
            "signatures": dict(self.signatures),
            "sentences": next(iter(self.scores.values())).sentences,
            "differences": {
                name: {metric: asdict(one) for metric, one in by_metric.items()}
                for name, by_metric in self.differences.items()
            },
            "examples": {
                name: {"ahead": [asdict(one) for one in ahead], "behind": [asdict(one) for one in behind]}
                for name, (ahead, behind) in self.examples.items()
            },
        }


def evaluate(
    systems: Mapping[str, Sequence[str]], sources: Sequence[str], references: Sequence[str], examples: int = 5
) -> Report:
    """Scores systems on a test set; the first one is the baseline of the comparisons.

    Args:
        systems: Translations by name, at least one system.
        sources: The sentences that were translated.
        references: One translation of each.
        examples: How many of the largest differences to keep, on each side.

    Raises:
        InputError: A system has not as many lines as there are references.
    """
    names = list(systems)
    differences = compare(systems, references, names[0])
    scores = {name: score(systems[name], references) for name in names}
    first = systems[names[0]]
    found = {name: largest_differences(sources, references, systems[name], first, examples) for name in names[1:]}
    if not found:
        found[names[0]] = ([], largest_errors(sources, references, first, examples))
    return Report(scores, differences, found)
