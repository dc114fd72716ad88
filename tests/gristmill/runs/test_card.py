"""The card has every figure of the run, says where a baseline wins, and is written without a network."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from gristmill.errors import WorkError
from gristmill.runs import CardText, Run, RunWriter, amend, lite_table, metric_table, metric_title, write_card

TEXT = CardText(
    title="Films for a user",
    description="Ranks a catalogue of films by the films that a user has seen.",
    intended_use="For study. Not for decisions about people.",
    limitations=("Films nobody rated cannot be recommended.", "Histories are cut to 50 films."),
    licence_of_data="Research only; may not be passed on.",
    usage="gristmill runs show first\ngristmill serve first\n",
    tags=("recommendation",),
)
LITE = [
    {"file": "retrieval_f32.tflite", "format": "f32", "bytes": 1_234_567, "latency": {"p50_us": 210.4},
     "metrics": {"ndcg_at_10": 0.0649}, "float_metrics": {"ndcg_at_10": 0.0649}},
    {"file": "retrieval_dynamic.tflite", "format": "dynamic", "bytes": 345_678, "agreement": None,
     "latency": {"p50_us": 12_345.0},
     "metrics": {"ndcg_at_10": 0.0637}, "float_metrics": {"ndcg_at_10": 0.0649}},
]  # fmt: skip


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails a test that opens a connection or asks for an address."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the card went to the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def card(make_run: Callable[..., Run]) -> str:
    """Returns the text of a card added to a finished run."""
    run = make_run()
    with amend(run) as change:
        change.write_json("lite/report.json", LITE)
        write_card(change, TEXT)
    return Run.open(run.path).file("card.md").read_text("utf-8")


def test_the_quality_table_has_ours_first_and_the_best_in_bold(card: str) -> None:
    assert "\n| model | **0.0649** | 0.5500 | 943 |\n| popularity | 0.0250 | 0.6000 | – |\n" in card
    assert "\n| ease | 0.0409 | **0.5100** | – |\n" in card
    assert "A baseline does better in Logloss (ease 0.5100 against 0.5500)." in card


def test_the_lite_table_has_size_latency_and_difference(card: str) -> None:
    assert "\n| retrieval_f32.tflite | f32 | 1.23 MB | 210 µs | NDCG@10 0.0649 | +0.0000 |\n" in card
    assert "\n| retrieval_dynamic.tflite | dynamic | 345.7 kB | 12.3 ms | NDCG@10 0.0637 | -0.0012 |\n" in card
    assert "Agreement" not in card


def test_the_prose_the_data_and_the_lineage_are_in(card: str) -> None:
    for text in (TEXT.title, TEXT.description, TEXT.intended_use, TEXT.licence_of_data, *TEXT.limitations):
        assert text in card
    assert "```sh\ngristmill runs show first\ngristmill serve first\n```" in card
    assert "**tiny**: 1,010 records read = 1,000 written to the\ndataset + 10 quarantined with a reason." in card
    assert "| `retrieval.rates` | 0.1, 0.2 |" in card
    assert f"| `dataset manifest sha256` | {'ab' * 32} |" in card
    assert f"| `commit` | {'cd' * 20} with uncommitted changes |" in card
    assert "| `keras` | 3.15.1 |" in card
    assert "zipp" not in card


def test_the_head_is_what_the_hub_reads(card: str) -> None:
    head = yaml.safe_load(card.split("---\n")[1])
    assert head["tags"] == ["gristmill", "recommendation"]
    (model,) = head["model-index"]
    test = next(result for result in model["results"] if result["dataset"]["split"] == "test")
    assert {"type": "ndcg_at_10", "value": 0.0649, "name": "NDCG@10"} in test["metrics"]


def test_a_run_that_is_not_measured_says_how(make_run: Callable[..., Run]) -> None:
    run = make_run()
    with amend(run) as change:
        change.remove("metrics.json")
        write_card(change, TEXT)
    card = (run.path / "card.md").read_text("utf-8")
    assert "`gristmill evaluate` measures a run" in card
    assert "`gristmill export` makes them" in card
    assert "model-index" not in card


def test_a_card_needs_the_configuration(tmp_path: Path) -> None:
    with (
        pytest.raises(WorkError, match=r"write config.json and lineage.json first"),
        RunWriter(tmp_path / "a") as run,
    ):
        write_card(run, TEXT)


def test_a_folder_of_the_machine_is_not_in_the_card(make_run: Callable[..., Run]) -> None:
    run = make_run(dataset="/home/somebody/data/tiny", note="a|b")
    with amend(run) as change:
        write_card(change, TEXT)
    card = (run.path / "card.md").read_text("utf-8")
    assert "| `dataset` | …/tiny |" in card
    assert "| `note` | a\\|b |" in card
    assert "somebody" not in card


def test_chosen_metrics_keep_their_order_and_less_can_be_better() -> None:
    systems = {"base": {"pue": 1.2, "auc": 0.7}, "model": {"auc": 0.8, "pue": 1.1, "auc_se": 0.01}}
    table = metric_table(systems, ["pue", "auc", "f1"])
    assert table.columns == ("System", "PUE", "AUC", "F1")
    assert table.rows == (("model", "1.1000", "0.8000", "–"), ("base", "1.2000", "0.7000", "–"))
    assert table.best == {(0, 1), (0, 2)}


def test_equal_values_counts_and_errors_are_not_best() -> None:
    systems = {
        "model": {"a": 0.50001, "users": 3, "a_se": 0.2},
        "base": {"a": 0.50002, "users": 4, "a_se": 0.1},
    }
    assert metric_table(systems).best == frozenset()


def test_a_metric_is_headed_as_people_write_it() -> None:
    names = (
        "ndcg_at_10",
        "cold_recall_at_20",
        "mrr",
        "catalogue_coverage",
        "cold_ndcg_at_10",
        "cooling_mwh",
        "inlet_mae_c",
        "chrf",
    )
    titles = [
        "NDCG@10",
        "Cold recall@20",
        "MRR",
        "Catalogue coverage",
        "Cold NDCG@10",
        "Cooling (MWh)",
        "Inlet MAE (°C)",
        "chrF",
    ]
    assert [metric_title(name) for name in names] == titles


def test_a_refused_file_is_listed_and_empty_columns_are_not() -> None:
    small = {"format": "f16", "bytes": 10, "differences": {"scores": {"max_abs": 0.002}}}
    table = lite_table([small, {"format": "int8", "refused": "lost its weights"}])
    assert table.columns == ("Format", "Size", "Largest output change", "Refused because")
    assert table.rows == (("f16", "10 B", "2.0e-03", "–"), ("int8", "–", "–", "lost its weights"))
