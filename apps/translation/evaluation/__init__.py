"""How good translations are: BLEU, chrF, significance, peers that are run for real, and where systems differ."""

from apps.translation.evaluation.apertium import Apertium
from apps.translation.evaluation.examples import (
    Example,
    LengthScores,
    by_length,
    largest_differences,
    largest_errors,
)
from apps.translation.evaluation.kept import TRANSLATIONS, Kept, kept_bytes, read_kept
from apps.translation.evaluation.peers import baselines
from apps.translation.evaluation.report import COLUMNS, Report, evaluate
from apps.translation.evaluation.scores import METRICS, SAMPLES, Difference, Scores, compare, score, sentence_scores

__all__ = [
    "Apertium",
    "COLUMNS",
    "Difference",
    "Example",
    "Kept",
    "LengthScores",
    "METRICS",
    "Report",
    "SAMPLES",
    "Scores",
    "TRANSLATIONS",
    "baselines",
    "by_length",
    "compare",
    "evaluate",
    "kept_bytes",
    "largest_differences",
    "largest_errors",
    "read_kept",
    "score",
    "sentence_scores",
]
