"""What pages show comes from functions: facts about tiny inputs."""

import itertools
import math
from pathlib import Path

import pytest

from dashboards.parts.folders import dataset_folders, stamp
from dashboards.parts.messages import card_text, plain
from dashboards.parts.palette import PALETTE
from dashboards.parts.quality import differences, history_rows, main_metrics, measured, metric_rows
from dashboards.parts.quarantine import read_quarantine, rule_of
from dashboards.parts.statistics import figures, labels, quantile_rows, term_rows
from dashboards.parts.tables import turned
from gristmill.data.dataset import Dataset
from gristmill.runs import Run, Table
from gristmill.schema import Kind

LIGHT, DARK = "#FFFFFF", "#0E1117"


def linear(colour: str) -> list[float]:
    """Linear red, green and blue of an sRGB colour."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]


def contrast(one: str, other: str) -> float:
    """Contrast as WCAG defines it, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    light, dark = sorted(
        (sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear(x), strict=True)) for x in (one, other)),
        reverse=True,
    )
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colour", PALETTE)
def test_a_colour_is_readable_in_both_themes(colour: str) -> None:
    assert contrast(colour, LIGHT) >= 3
    assert contrast(colour, DARK) >= 3


# Machado, Oliveira, Fernandes 2009, https://doi.org/10.1109/TVCG.2009.113, severity 1
SIGHTS = {
    "full": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "deuteranopia": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
    "protanopia": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    "tritanopia": ((1.256, -0.077, -0.179), (-0.078, 0.931, 0.148), (0.005, 0.691, 0.304)),
}


@pytest.mark.parametrize("sight", SIGHTS)
def test_the_colours_stay_apart_for_every_sight(sight: str) -> None:
    seen = [
        [sum(w * c for w, c in zip(row, linear(colour), strict=True)) for row in SIGHTS[sight]] for colour in PALETTE
    ]
    labs = [lab([min(max(c, 0.0), 1.0) for c in colour]) for colour in seen]
    assert min(math.dist(one, other) for one, other in itertools.combinations(labs, 2)) > 15


def lab(rgb: list[float]) -> tuple[float, float, float]:
    """CIE L*a*b* of a linear colour, white point D65."""
    rows = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    xyz = [sum(w * c for w, c in zip(row, rgb, strict=True)) for row in rows]
    x, y, z = (
        v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116
        for v in (a / b for a, b in zip(xyz, (0.9505, 1.0, 1.089), strict=True))
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def test_plain_text_stays_as_it_is_and_code_stays_code() -> None:
    assert plain("a_b [c](d) $5 `x_y`") == r"a\_b \[c\](d) \$5 `x_y`"
    assert plain("one ` alone") == "one ' alone"


def test_a_card_loses_its_head_and_loads_no_picture() -> None:
    card = "---\nlicense: x\n---\n\n# Title\n\n![pixel](https://example.org/p.png) $5\n\n```\n# $HOME\n```\n"
    assert card_text(card) == "### Title\n\n[pixel](https://example.org/p.png) \\$5\n\n```\n# $HOME\n```"


def test_a_table_is_turned_with_its_marks() -> None:
    table = Table(("System", "A", "B"), (("ours", "1", "2"), ("theirs", "3", "1")), frozenset({(1, 1), (0, 2)}))
    assert turned(table) == Table(
        ("", "ours", "theirs"), (("A", "1", "3"), ("B", "2", "1")), frozenset({(0, 2), (1, 1)})
    )


def test_metrics_become_rows_without_counts_and_gaps() -> None:
    metrics = {"test": {"ease": {"auc": None, "mrr": 0.1}, "model": {"mrr": 0.2, "cold_users": 4.0}}}
    rows = metric_rows({"r": metrics}, "test")
    assert [(row["system"], row["metric"], row["value"]) for row in rows] == [
        ("our model", "mrr", 0.2),
        ("ease", "mrr", 0.1),
    ]
    assert metric_rows({"r": metrics}, "train") == []
    assert measured(metrics["test"].values()) == ["auc", "mrr"]


def test_the_main_metrics_come_from_the_app_and_else_from_the_run() -> None:
    assert main_metrics("recommend", ["mrr", "auc", "ndcg_at_10", "recall_at_10"], 2) == [
        "ndcg_at_10",
        "recall_at_10",
        "auc",
    ]
    assert main_metrics("of-somebody-else", ["x", "y", "z"], 2) == ["x", "y"]


def test_history_keeps_figures_by_epoch() -> None:
    lines = [{"task": "t", "epoch": 1, "step": 9, "seconds": 1.0, "loss": 0.5, "note": "x"}, {"started": 1}]
    assert history_rows({"r": lines}) == [{"run": "r", "task": "t", "figure": "loss", "epoch": 1, "value": 0.5}]


def test_two_runs_differ_by_b_minus_a(tmp_path: Path) -> None:
    a = Run(tmp_path / "a", {}, {}, {"test": {"model": {"mrr": 0.2, "cold_users": 3.0}, "ease": {"mrr": 0.1}}})
    b = Run(tmp_path / "b", {}, {}, {"test": {"model": {"mrr": 0.3, "cold_users": 3.0}}})
    assert differences(a, b, "test").rows == (("MRR", "0.2000", "0.3000", "+0.1000"),)


def test_a_reason_is_counted_by_its_rule() -> None:
    assert rule_of("`year` must be a number. Received: 'a; b'; `x` is missing. Received: 3") == (
        "`year` must be a number; `x` is missing"
    )
    assert rule_of("`user` must be unique. The same stands at data/a.csv:3") == "`user` must be unique"


def test_quarantine_is_counted_in_full_and_shown_in_part(dataset: Path) -> None:
    quarantine = read_quarantine(Dataset.open(dataset), most=0)
    assert (quarantine.count, quarantine.rows) == (1, ())
    [(reason, count)] = quarantine.reasons
    assert reason.startswith("`rating` must be") and count == 1


def test_ids_are_called_by_the_text_of_their_table(dataset: Path) -> None:
    opened = Dataset.open(dataset)
    assert labels(opened, "item")["a"] == "Alien"
    assert labels(opened, "user") == {}


def test_terms_have_their_share_of_all_values() -> None:
    summary = {"count": 5, "missing": 1, "top": [["a", 3], ["b", 1]]}
    assert term_rows(summary, {"a": "Alien"}, 1) == [{"term": "a · Alien", "count": 3, "share": 0.75}]
    assert term_rows({"count": 2, "missing": 0, "length": {"mean": 2.0}, "top": [["x", 3]]}, {}, 9)[0]["share"] == 0.75


def test_times_are_shown_as_dates() -> None:
    ends = {"0.01": 0.0, "0.25": 1.0, "0.5": 86400.0, "0.75": 3.0, "0.99": 4.0}
    summary = {"count": 1200, "missing": 0, "mean": 0.0, "deviation": 86400.0, "quantiles": ends}
    table = figures({"train": summary}, Kind.TIME)
    assert table.columns == ("Split", "Values", "Missing", "Mean", "Deviation", "Median")
    assert table.rows == (("train", "1,200", "0", "1970-01-01", "1.0 days", "1970-01-02"),)
    assert quantile_rows({"train": summary}, Kind.TIME)[0]["median"] == 86_400_000


def test_datasets_are_found_and_a_change_is_seen(dataset: Path, tmp_path: Path) -> None:
    assert dataset_folders(tmp_path / "datasets") == {"films": dataset}
    before = stamp(dataset)
    assert stamp(dataset) == before
    (dataset / "statistics.json").write_bytes(b"{}")
    assert stamp(dataset) != before
    assert stamp(tmp_path / "nowhere") == ()
