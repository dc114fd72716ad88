"""Facts about what is kept as it is: it comes back exactly, and both sides of a pair get the same symbols."""

import random

import pytest

from apps.translation.text.masks import SYMBOLS, Masked, find_kept, mask_pair


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Hello, my friend!", ()),
        ("See https://example.org/a?b=1&c=%20.", ("https://example.org/a?b=1&c=%20",)),
        ("(see www.example.org/x)", ("www.example.org/x",)),
        ("write to me.too+x@mail.example.org, please", ("me.too+x@mail.example.org",)),
        ('<b>bold</b> and <a href="x y">link</a><br/>', ("<b>", "</b>", '<a href="x y">', "</a>", "<br/>")),
        ("%s of %(total)d in {name} by {{ user }}", ("%s", "%(total)d", "{name}", "{{ user }}")),
        (
            "%1$s ${x} %{count} {} {0:.2f} {% if a %} $HOME",
            ("%1$s", "${x}", "%{count}", "{}", "{0:.2f}", "{% if a %}", "$HOME"),
        ),
        ("[%key:common::abort%]", ("[%key:common::abort%]",)),
        ("1,000.50 at 12:30 on 1/2/2020", ("1,000.50", "12:30", "1/2/2020")),
        ("MP3 and x86_64", ("MP3", "x86_64")),
        ("the 3rd of the 1960s", ()),
        ("100% of it, 5 % discount", ("100", "5")),
        ("if a < b and c > d", ()),
        ("100%\u00a0de acuerdo, 50%de", ("100", "50")),
        ("It costs $5 &amp; more 😀", ("5", "&amp;", "😀")),
        ("2 and 2 is 4", ("2", "2", "4")),
    ],
)
def test_what_is_kept_is_found_in_order_where_it_stands(text: str, values: tuple[str, ...]) -> None:
    spans = find_kept(text)

    assert tuple(span.value for span in spans) == values
    assert all(text[span.start : span.end] == span.value for span in spans)


def test_each_occurrence_of_a_thing_has_a_symbol_of_its_own() -> None:
    pair = mask_pair("%s of %s on %d", "%d: %s de %s")

    assert pair is not None
    assert [side.text for side in pair] == ["｟0｠ of ｟1｠ on ｟2｠", "｟2｠: ｟0｠ de ｟1｠"]
    assert pair[0].values == pair[1].values == ("%s", "%s", "%d")


def test_what_one_side_holds_more_often_stays_in_its_text() -> None:
    pair = mask_pair("2 and 2 is 4", "2 más dos son 4")

    assert pair is not None
    assert [side.text for side in pair] == ["｟0｠ and 2 is ｟1｠", "｟0｠ más dos son ｟1｠"]


def test_only_ten_things_have_symbols_and_the_rest_stays() -> None:
    text = " ".join(str(number) for number in range(10, 25))

    pair = mask_pair(text, text)

    assert pair is not None
    assert pair[0].values == tuple(str(number) for number in range(10, 20))
    assert pair[0].text == pair[1].text == " ".join([*SYMBOLS, "20", "21", "22", "23", "24"])


def test_a_symbol_in_the_texts_themselves_is_kept_as_a_placeholder_is() -> None:
    assert mask_pair("｟3｠ is 5", "｟3｠ es 5") == (
        Masked("｟0｠ is ｟1｠", ("｟3｠", "5")),
        Masked("｟0｠ es ｟1｠", ("｟3｠", "5")),
    )
    assert mask_pair("｟3｠ is", "es") is None


def test_spans_of_any_text_are_apart_and_in_order() -> None:
    draw = random.Random(0)
    parts = [*"%{}<>a1 $｟｠s()&;@.\n😀٣é"]
    for _ in range(3000):
        text = "".join(draw.choices(parts, k=draw.randrange(25)))
        place = 0
        for span in find_kept(text):
            assert place <= span.start < span.end
            assert text[span.start : span.end] == span.value
            place = span.end


@pytest.mark.parametrize(
    "unit", ["a", "<a ", "{", "%(", "a.b@", "1.", "{{", "https://", "<a b=", "$%{[", "[%key:", "{%"]
)
def test_ten_thousand_characters_are_no_burden(unit: str) -> None:
    text = unit * (10_000 // len(unit))

    assert all(span.end <= len(text) for span in find_kept(text))


def test_both_sides_of_a_pair_have_the_same_numbering() -> None:
    pair = mask_pair("{user} has %d new files on 12/3", "El 12/3, {user} tiene %d archivos nuevos")

    assert pair == (
        Masked("｟0｠ has ｟1｠ new files on ｟2｠", ("{user}", "%d", "12/3")),
        Masked("El ｟2｠, ｟0｠ tiene ｟1｠ archivos nuevos", ("{user}", "%d", "12/3")),
    )


def test_a_number_of_one_side_only_stays_in_the_text() -> None:
    pair = mask_pair("At 5 on page 12", "A las cinco en la página 12")

    assert pair is not None
    assert [side.text for side in pair] == ["At 5 on page ｟0｠", "A las cinco en la página ｟0｠"]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("%s files", "archivos"),
        ("files", "%s archivos"),
        ("{a} and {b}", "{a} y {c}"),
        ("<b>x</b>", "<b>x"),
        ("%s of %s", "%s de"),
    ],
)
def test_a_pair_whose_placeholders_or_tags_differ_is_none(source: str, target: str) -> None:
    assert mask_pair(source, target) is None


def test_words_of_both_sides_are_masked_as_whole_words() -> None:
    pair = mask_pair("Tom's tomcat, Tom!", "El gato de Tom, ¡Tom! <3", words=["Tom"])

    assert pair is not None
    assert [side.text for side in pair] == ["｟0｠'s tomcat, ｟1｠!", "El gato de ｟0｠, ¡｟1｠! <3"]
    assert mask_pair("Tom is here", "Él está aquí", words=["Tom"]) == (Masked("Tom is here"), Masked("Él está aquí"))


def test_symbols_are_given_out_in_the_order_asked_for() -> None:
    pair = mask_pair("7 of 8", "7 de 8", symbols=SYMBOLS[::-1])

    assert pair is not None
    assert [side.text for side in pair] == ["｟9｠ of ｟8｠", "｟9｠ de ｟8｠"]
    assert pair[0].values == ("7", "8")
