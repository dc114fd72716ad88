"""Lines in, lines out over made-up engines: nothing is lost, whatever stands in a line."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from apps.translation.text import Glossary, Translator
from apps.translation.text.engine import padded_length
from apps.translation.text.masks import SYMBOLS
from apps.translation.text.segments import split_line
from apps.translation.text.symbols import restore
from gristmill.errors import InputError, WorkError

HOSTILE = [
    "",
    " ",
    "\t",
    "the dog",
    "  the dog \r",
    "the\tdog",
    "%s {name} <b> https://a.b/c?d=1 12,5",
    "😀",
    "the dog 😀👩\u200d👩\u200d👧 the house",
    "שלום עולם",
    "the dog שלום עולם the house",
    "\u202bthe dog\u202c",
    "e\u0301" * 40,
    "the dog. " * 30,
    "the dog " * 30,
    "x" * 10_000,
    "the dog. The house is red! " * 400,
    "日本" * 5_000,
    "1 " * 500,
    "<b>the</b> " * 40,
    "1\u200d" * 40,
    "a\x00b\x0bc\u2028d\x85e",
    "｟0｠ the ｟7｠ dog ｟",
    "\ufffc the \ufffc",
    "\u0301\u0301",
    "..." * 50,
]


def kept(text: str) -> list[str]:
    """What must come through: everything but letters of words that are translated, and white space."""
    return [character for character in text if not character.isspace()]


def test_words_are_translated_and_the_rest_stays(letters: Any, words: Any) -> None:
    translator = Translator(words(), letters)
    assert translator.translate(["The dog, {n}!", "", "see <b>the</b> 12.5 https://a.the/dog"]) == [
        "el perro, {n}!",
        "",
        "vea <b>el</b> 12.5 https://a.the/dog",
    ]
    assert (translator.counts.lines, translator.counts.copied, translator.counts.segments) == (3, 1, 2)
    assert translator.counts.protected == 5


@pytest.mark.parametrize("line", HOSTILE)
def test_a_line_is_its_parts(letters: Any, words: Any, line: str) -> None:
    engine = words()
    translator = Translator(engine, letters)
    parts = translator.prepare(line)
    made = [translator.finish(part, engine.translate([part.ids], 1)[0]) if part.ids else part.source for part in parts]
    assert translator.counts.lines == 0
    assert ["".join(text + part.after for text, part in zip(made, parts, strict=True))] == translator.translate([line])


@pytest.mark.parametrize("segment_pieces", [8, 64])
def test_a_line_in_is_a_line_out(letters: Any, words: Any, segment_pieces: int) -> None:
    echo = Translator(words(str), letters, segment_pieces=segment_pieces)
    found = echo.translate(HOSTILE)
    assert len(found) == len(HOSTILE)
    for line, out in zip(HOSTILE, found, strict=True):
        assert "\n" not in out
        back = line.replace("the", "el").replace("The", "el").replace("dog", "perro").replace("house", "casa")
        assert kept(out) == kept(back.replace("red", "rojo").replace("e\u0301", "é")), line[:30]
    assert echo.counts.lost == echo.counts.spare == 0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "",
        lambda text: "nada",
        lambda text: "a\nb\rc\u2028d",
        lambda text: text.replace(SYMBOLS[0], ""),
        lambda text: text + "".join(SYMBOLS),
        lambda text: text[::-1],
        lambda text: "｠" + text + "｟",
    ],
)
def test_an_engine_may_do_what_it_likes(letters: Any, words: Any, spoil: Callable[[str], str]) -> None:
    translator = Translator(words(spoil), letters, segment_pieces=16)
    found = translator.translate(HOSTILE)
    assert len(found) == len(HOSTILE) and not any("\n" in line for line in found)
    for line, out in zip(HOSTILE, found, strict=True):
        for part in ("%s", "{name}", "<b>", "https://a.b/c?d=1", "12,5", "😀", "שלום עולם", "｟7｠"):
            assert out.count(part) == line.count(part), part


def test_blank_lines_and_what_has_no_letters_ask_no_engine(letters: Any, words: Any) -> None:
    engine = words()
    lines = ["", "   ", "12:30", "%s", "😀 !", "שלום", "\u3000"]
    assert Translator(engine, letters).translate(lines) == lines
    assert engine.batches == []


def test_words_that_the_vocabulary_cannot_spell_stay_whole(letters: Any, words: Any) -> None:
    engine = words()
    lines = ["see Αθήνα and Ωa1 the हिन्दी, नमस्ते! dog", "the dog 日本"]
    assert Translator(engine, letters).translate(lines) == ["vea Αθήνα and Ωa1 el हिन्दी, नमस्ते! perro", "el perro 日本"]
    asked = [letters.decode(ids) for batch in engine.batches for ids in batch]
    assert sorted(asked) == [f"see {SYMBOLS[0]} and {SYMBOLS[1]} the {SYMBOLS[2]}! dog", f"the dog {SYMBOLS[0]}"]


def test_signs_that_the_vocabulary_lacks_become_plain_ones(letters: Any, words: Any) -> None:
    letters.foreign = set("’“”—ﬁ\u00a0…")
    translator = Translator(words(), letters)
    assert translator.translate(["“the  dog’s ﬁne”\u00a0— the cat… https://a.b/’x ½", "’…"]) == [
        '"el perro\'s fine" - el gato... https://a.b/’x ½',
        "’…",
    ]
    other = type(letters)()
    assert Translator(type(words())(other), other).translate(["“the dog”"]) == ["“el perro”"]


def test_a_translation_does_not_depend_on_its_batch(letters: Any, words: Any) -> None:
    lines = [f"the {'red ' * (number % 17)}dog number {number}" for number in range(60)]
    whole = Translator(words(), letters, batch_pieces=100, batch_rows=7).translate(lines)
    assert whole == [Translator(words(), letters).translate([line])[0] for line in lines]
    order = random.Random(1).sample(range(60), 60)
    assert Translator(words(), letters).translate([lines[index] for index in order]) == [
        whole[index] for index in order
    ]


def test_batches_are_sorted_and_keep_their_limits(letters: Any, words: Any) -> None:
    engine = words()
    told: list[float] = []
    lines = [f"the {'red ' * (number % 9)}dog" for number in range(40)]
    Translator(engine, letters, batch_pieces=30, batch_rows=2).translate(lines, told.append)
    lengths = [len(ids) for batch in engine.batches for ids in batch]
    assert lengths == sorted(lengths, reverse=True) and len(lengths) == 9
    for batch in engine.batches:
        (length,) = {padded_length(ids) for ids in batch}
        assert len(batch) == 1 or (len(batch) <= 2 and len(batch) * length <= 30)
    assert sum(told) == pytest.approx(40)


def test_wrong_use_is_told(letters: Any, words: Any) -> None:
    with pytest.raises(InputError, match=r"`beam` must be a positive integer\. Received: 0"):
        Translator(words(), letters, beam=0)
    with pytest.raises(InputError, match="an end of line in line 2"):
        Translator(words(), letters).translate(["a", "b\nc"])

    class Short:
        def translate(self, sources: Sequence[Sequence[int]], beam: int) -> list[list[int]]:
            return []

    with pytest.raises(WorkError, match=r"must give 1 translations\. Received: 0"):
        Translator(Short(), letters).translate(["the dog"])


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        (
            "One dog. Two dogs! Mr. Smith said e.g. this? 3 cats",
            ["One dog.", "Two dogs!", "Mr. Smith said e.g. this?", "3 cats"],
        ),
        ('He said "no." Then. and so', ['He said "no."', "Then. and so"]),
        ("¿Sí? ¡No! Ya.", ["¿Sí?", "¡No!", "Ya."]),
        ("一。二！三", ["一。", "二！", "三"]),
    ],
)
def test_sentences_end_where_a_reader_sees_it(line: str, parts: list[str]) -> None:
    assert [each.text for each in split_line(line, lambda text: text in parts)] == parts


def test_a_sentence_is_halved_at_clauses_then_words_then_characters() -> None:
    def split(text: str, most: int) -> list[str]:
        return [each.text for each in split_line(text, lambda part: len(part) <= most)]

    assert split("aaa bbb, ccc ddd", 10) == ["aaa bbb,", "ccc ddd"]
    assert split("aaa bbb ccc ddd", 8) == ["aaa bbb", "ccc ddd"]
    assert split("abcdefgh", 4) == ["abcd", "efgh"]
    assert split("e\u0301e\u0301", 2) == ["e\u0301", "e\u0301"]


@pytest.mark.parametrize("line", HOSTILE)
@pytest.mark.parametrize("most", [1, 20])
def test_segments_together_are_the_line(line: str, most: int) -> None:
    line = line[:2000]
    parts = split_line(line, lambda text: len(text) <= most)
    assert "".join(part.text + part.after for part in parts) == line
    assert all(part.text == part.text.strip() and (len(part.text) <= most or most > 1) for part in parts)


def test_lost_symbols_stand_where_they_stood() -> None:
    source = "see ｟0｠the house｟1｠ at ｟2｠."
    values = ["<b>", "</b>", "%s"]
    assert restore(source, "vea ｟0｠la casa｟1｠ en ｟2｠.", values) == ("vea <b>la casa</b> en %s.", 0, 0)
    assert restore(source, "vea la casa｟1｠ en.", values) == ("vea <b>la casa</b> en %s.", 2, 0)
    assert restore("｟0｠ is here", "está aquí", ["X"]) == ("X está aquí", 1, 0)
    assert restore("the house ｟0｠", "la casa.", ["X"]) == ("la casa. X", 1, 0)
    assert restore("｟0｠｟1｠", "", ["X", "Y"]) == ("XY", 2, 0)


def test_spare_symbols_are_left_out() -> None:
    assert restore("the ｟0｠", "｟4｠ el ｟0｠ ｟0｠", ["X"]) == ("el X", 0, 2)
    assert restore("the", "el ｟9｠ ｟ a ｠", []).text == "el  a"


def test_a_glossary_is_honoured(letters: Any, words: Any) -> None:
    glossary = Glossary({"dog": "can", "the red house": "la Casa Roja", "NASA": "la NASA", "10 kg": "diez kilos"})
    translator = Translator(words(), letters, glossary=glossary)
    lines = ["Dog, the dog and dogs", "see the red house", "dog", "NASA, nasa", "https://a.b/dog dog", "see 10 kg"]
    assert translator.translate(lines) == [
        "Can, el can and dogs",
        "vea la Casa Roja",
        "can",
        "la NASA, nasa",
        "https://a.b/dog can",
        "vea diez kilos",
    ]
    dropped = Translator(words(lambda text: text.replace(SYMBOLS[0], "")), letters, glossary=glossary)
    assert dropped.translate(["see the red house"]) == ["vea la Casa Roja"]


def test_a_glossary_is_read_and_checked(tmp_path: Path) -> None:
    path = tmp_path / "terms.tsv"
    path.write_text("\ufeffdog\tcan\n\n cat \tgato \ndog\tcan\r\n", "utf-8")
    assert Glossary.read(path).terms == {"dog": "can", "cat": "gato"}
    for content, told in [
        ("dog\tcan\ndog\tperro\n", r"line 2: 'dog' must have one translation\. Received: 'can' and 'perro'"),
        ("dog can\n", r"line 1: must be term<TAB>translation\. Received: 'dog can'"),
        ("dog\t\n", "line 1: must be term"),
        ("a\tb\tc\n", "line 1: must be term"),
    ]:
        path.write_text(content, "utf-8")
        with pytest.raises(InputError, match=told):
            Glossary.read(path)
    with pytest.raises(InputError, match="cannot be read"):
        Glossary.read(tmp_path / "none.tsv")
    with pytest.raises(InputError, match="one line each"):
        Glossary({"a": " "})
    assert Glossary({}).find("a") == []
