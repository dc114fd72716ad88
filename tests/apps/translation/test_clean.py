"""Facts about cleaning: each rule drops what it names and nothing else, and what is left is in one form."""

import pyarrow as pa
import pytest

from apps.translation.cleaning import Limits, clean
from apps.translation.cleaning.normalise import normalise
from apps.translation.text.masks import SYMBOLS

LIMITS = Limits(("en", "es"), word_share=0)
GOOD = ("I bought two books in the old town.", "Compré dos libros en el casco antiguo.")


def cleaned(*pairs: tuple[str | None, str | None], limits: Limits = LIMITS):
    return clean(*(pa.array([pair[i] for pair in pairs], pa.string()) for i in (0, 1)), limits)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("cafe\u0301", "café"),
        ("café", "café"),
        ("  a\t b\u00a0\u2003c\v\u2028d\r\n", "a b c d"),
        ("\ufeffx\u200by\u00adz\x00", "xyz"),
        ("👩\u200d👧 ok", "👩\u200d👧 ok"),
        ("שלום \u200fעולם", "שלום \u200fעולם"),
        (" \n", None),
        ("", None),
        (None, None),
    ],
)
def test_texts_come_in_one_form(text: str | None, normal: str | None) -> None:
    assert normalise(pa.array([text], pa.string())).to_pylist() == [normal]


@pytest.mark.parametrize(
    ("rule", "pair"),
    [
        ("missing", ("", "Hola")),
        ("missing", ("Hello", None)),
        ("missing", ("\u00a0\u200b", "Hola")),
        ("damaged", ("caf\ufffd", "café")),
        ("length", ("word " * 101, "palabra " * 80)),
        ("ratio", ("No.", "De ninguna manera voy a hacer lo que me estás pidiendo.")),
        ("choices", ("{n, plural, one {x} other {y}} in it", "{n, plural, one {a} other {b}} dentro")),
        ("copy", ("Wi-Fi Router", "Wi-fi router")),
        ("placeholders", ("%s files were found", "Se encontraron archivos")),
        ("placeholders", ("<b>bold</b> text", "texto <b>negrita")),
        ("words", ("{a}: 12/3", "{a}: 12/4")),
        ("language", (GOOD[0], "I bought two books in the old part of town.")),
        ("language", (GOOD[1], GOOD[0])),
    ],
)
def test_a_rule_drops_what_breaks_it_and_says_which(rule: str, pair: tuple[str | None, str | None]) -> None:
    made = cleaned(GOOD, pair, GOOD)

    assert made.rows.tolist() == [0, 2]
    ((row, reason),) = made.aside
    assert row == 1
    assert reason.startswith(f"{rule}: ")


def test_a_rule_that_is_left_out_drops_nothing() -> None:
    pairs = [("Wi-Fi Router", "Wi-fi router"), ("%s files", "archivos"), GOOD[::-1]]
    limits = Limits(("en", "es"), kept=("copy", "placeholders", "language"))

    assert cleaned(*pairs, limits=limits).rows.tolist() == [0, 1, 2]


def test_short_texts_and_unknown_languages_are_not_judged_by_language() -> None:
    assert cleaned(("Very good!", "Molto bene!")).rows.tolist() == [0]
    assert cleaned(GOOD[::-1], limits=Limits(("tlh", "qya"))).rows.tolist() == [0]


def test_a_country_is_no_part_of_the_language() -> None:
    assert cleaned(GOOD, limits=Limits(("en-GB", "es_MX"))).rows.tolist() == [0]


def test_the_ratio_counts_a_character_of_a_dense_script_as_several_letters() -> None:
    pair = (
        "The weather is so nice today that we should all go outside for a walk in the park.",
        "今天天气真好，我们都应该去公园散散步。",
    )

    assert cleaned(pair, limits=Limits(("en", "zh"))).rows.tolist() == [0]


def test_what_is_left_has_its_masks() -> None:
    made = cleaned(("  You have %d   new files.", "Tiene %d archivos nuevos."))

    texts = {name: column[0].as_py() for name, column in made.columns.items()}
    (symbol,) = (symbol for symbol in SYMBOLS if symbol in texts["masked_source"])
    assert texts == {
        "source": "You have %d new files.",
        "target": "Tiene %d archivos nuevos.",
        "masked_source": f"You have {symbol} new files.",
        "masked_target": f"Tiene {symbol} archivos nuevos.",
    }
    assert made.normalised == 1


def test_every_symbol_is_given_out() -> None:
    pairs = [(f"On page {number} it is told.", f"Se cuenta en la página {number}.") for number in range(300)]

    texts = "".join(cleaned(*pairs).columns["masked_target"].to_pylist())

    counts = [texts.count(symbol) for symbol in SYMBOLS]
    assert sum(counts) == 300
    assert all(counts)
    assert counts[0] > 100


def test_words_of_both_sides_are_masked_by_chance_that_the_pair_decides() -> None:
    pairs = [
        (f"Berlin is larger than town number x{chr(97 + i)}.", f"Berlin es mayor que la ciudad {chr(97 + i)}.")
        for i in range(26)
    ]
    often, again = (cleaned(*pairs, limits=Limits(("en", "es"), word_share=0.5)) for _ in range(2))

    masked = [text for text in often.columns["masked_source"].to_pylist() if "｟" in text]
    assert 0 < len(masked) < 26
    assert all(" is larger than" in text and "Berlin" not in text for text in masked)
    assert often.columns == again.columns


def test_no_pairs_are_cleaned_to_none() -> None:
    assert cleaned().rows.size == 0
    assert cleaned(("", "")).columns["masked_target"].to_pylist() == []
