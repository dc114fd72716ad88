"""BLEU and chrF, significance, differences: sentences whose answer is known by thought."""

import shutil

import pytest

from apps.translation.evaluation import (
    Apertium,
    baselines,
    by_length,
    compare,
    largest_differences,
    largest_errors,
    score,
)
from apps.translation.evaluation import apertium as apertium_module
from gristmill.errors import InputError, WorkError

REFERENCES = [f"El perro número {number} corre por la calle muy rápido ." for number in range(40)]
WORSE = [line.replace("corre", "va").replace("calle", "casa") for line in REFERENCES]


def test_the_reference_itself_has_all_points() -> None:
    found = score(REFERENCES, REFERENCES)
    assert found.values == pytest.approx({"bleu": 100, "bleu_lowercase": 100, "chrf": 100})
    assert found.sentences == 40


def test_capitals_count_in_bleu_alone() -> None:
    found = score([line.upper() for line in REFERENCES], REFERENCES).values
    assert found["bleu"] < 20
    assert found["bleu_lowercase"] == pytest.approx(100)


def test_signatures_say_how_it_was_computed() -> None:
    signatures = score(REFERENCES, REFERENCES).signatures
    assert "case:mixed" in signatures["bleu"] and "tok:13a" in signatures["bleu"]
    assert "case:lc" in signatures["bleu_lowercase"]
    assert "version:" in signatures["chrf"]


def test_every_reference_has_a_line() -> None:
    with pytest.raises(InputError, match=r"each of the 40 references\. Received: 39"):
        score(REFERENCES[1:], REFERENCES)
    with pytest.raises(InputError, match="Received: none"):
        score([], [])


def test_a_system_that_is_better_everywhere_is_so_by_no_chance() -> None:
    found = compare({"worse": WORSE, "better": REFERENCES, "same": WORSE}, REFERENCES, "worse", samples=200)
    assert list(found) == ["better", "same"]
    better, same = found["better"]["bleu"], found["same"]["bleu"]
    assert better.score == pytest.approx(100) and better.p_value == pytest.approx(1 / 201)
    assert better.difference == pytest.approx(100 - score(WORSE, REFERENCES).values["bleu"])
    assert same.difference == 0 and same.p_value == 1
    assert set(found["better"]) == {"bleu", "bleu_lowercase", "chrf"}


def test_a_single_system_has_nothing_to_be_compared_with() -> None:
    assert compare({"one": WORSE}, REFERENCES, "one") == {}
    with pytest.raises(InputError, match=r"must be one of one\. Received: 'two'"):
        compare({"one": WORSE}, REFERENCES, "two")


def test_the_largest_differences_come_first_on_both_sides() -> None:
    references = ["uno dos tres", "cuatro cinco seis", "siete ocho nueve", "diez"]
    ours = ["uno dos tres", "x", "siete ocho", "diez"]
    theirs = ["y", "cuatro cinco seis", "siete", "diez"]
    ahead, behind = largest_differences(["a", "b", "c", "d"], references, ours, theirs, 5)
    assert [one.number for one in ahead] == [1, 3]
    assert [one.number for one in behind] == [2]
    assert (behind[0].source, behind[0].ours, behind[0].theirs) == ("b", "x", "cuatro cinco seis")
    assert behind[0].their_score == pytest.approx(100)


def test_the_largest_errors_are_the_worst_sentences() -> None:
    found = largest_errors(["a", "b"], ["uno dos", "tres"], ["uno dos", "nada"], 1)
    assert [(one.number, one.ours) for one in found] == [(2, "nada")]


def test_scores_by_length_leave_out_empty_groups() -> None:
    found = by_length(["one two", "a b c d e f", "b"], ["uno dos", "a", "b"], ["uno dos", "z", "b"], edges=(2, 4))
    assert [(one.words, one.sentences) for one in found] == [("1-2", 2), ("5 and more", 1)]
    assert found[0].chrf == pytest.approx(100) and found[1].chrf < 50


def test_what_is_not_installed_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(InputError, match="apt-get install apertium apertium-eng-spa"):
        Apertium("es", "en")


def answering(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(
        apertium_module, "_run", lambda words, given: "eng-spa\nen-gl\n" if words == ["-l"] else answer or given
    )


def test_a_pair_may_be_named_by_two_or_three_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, "")
    assert Apertium("en", "es").name == "apertium eng-spa"
    assert Apertium("en", "gl").mode == "en-gl"
    with pytest.raises(InputError, match=r"must have the pair eng-fra .* Received: eng-spa, en-gl"):
        Apertium("en", "fr")


def test_a_line_in_is_a_line_out(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, "")
    assert Apertium("en", "es").translate(["a", "", " b "]) == ["a", "", "b"]
    with pytest.raises(InputError, match="end of line"):
        Apertium("en", "es").translate(["a\nb"])
    answering(monkeypatch, "one\n")
    with pytest.raises(WorkError, match="a line for each line"):
        Apertium("en", "es").translate(["a", "b"])


def test_baselines_are_those_that_can_be_run(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, "")
    told: list[str] = []
    found = baselines(WORSE, REFERENCES, ("en", "es"), told.append)
    assert list(found) == ["source as it is", "apertium eng-spa"] and told == []
    assert found["apertium eng-spa"] == found["source as it is"] == score(WORSE, REFERENCES).values
    assert list(baselines(WORSE, REFERENCES, ("en", "fr"), told.append)) == ["source as it is"]
    assert "apt-get install apertium apertium-eng-fra" in told[0]


@pytest.mark.skipif(not shutil.which("apertium"), reason="apertium is not installed")
def test_the_real_program_translates() -> None:
    try:
        peer = Apertium("en", "es")
    except InputError as error:
        pytest.skip(str(error))
    assert peer.translate(["The house is red.", "", "I see the dog"]) == ["La casa es roja.", "", "Veo el perro"]
