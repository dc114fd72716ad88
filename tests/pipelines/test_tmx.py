"""Translation memories: units with a segment in each language, and files that are refused."""

import gzip
from pathlib import Path

import pytest

from gristmill.errors import InputError
from pipelines.readers import read_file
from pipelines.sources import POSITION, source_file

HEAD = '<?xml version="1.0"?>\n<!DOCTYPE tmx SYSTEM "tmx14.dtd">\n<tmx version="1.4"><header srclang="en"/><body>\n'
UNITS = """<tu><tuv xml:lang="en-US"><seg>Hello &amp; <bpt i="1">&lt;b></bpt>bye<ept i="1">&lt;/b></ept></seg></tuv>
<tuv xml:lang="ES"><prop type="x">no</prop><seg>Hola y adiós</seg></tuv></tu>
<tu><tuv xml:lang="en"><seg>Only English</seg></tuv></tu>
<tu><tuv lang="en_GB"><seg>  </seg></tuv><tuv lang="es"><seg/></tuv></tu>
"""
TAIL = "</body></tmx>"


def write(folder: Path, text: str, name: str = "a.tmx") -> str:
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return str(path)


@pytest.mark.parametrize("name", ["a.tmx", "a.tmx.gz"])
def test_a_record_is_a_unit_with_both_languages(tmp_path: Path, name: str) -> None:
    (block,) = read_file(source_file(write(tmp_path, HEAD + UNITS + TAIL, name)), ("en", "es"))

    assert block.batch.to_pylist() == [
        {POSITION: 1, "en": "Hello & bye", "es": "Hola y adiós"},
        {POSITION: 3, "en": "  ", "es": None},
    ]
    assert block.rejected == ((2, "a unit must have a segment of language `es`", b"Only English\t"),)


def test_units_are_counted_over_the_chunks_of_a_large_file(tmp_path: Path) -> None:
    units = [
        f'<tu><tuv xml:lang="en"><seg>n{i}{"x" * 500}</seg></tuv><tuv xml:lang="es"><seg>m{i}</seg></tuv></tu>'
        for i in range(5000)
    ]
    blocks = list(read_file(source_file(write(tmp_path, HEAD + "".join(units) + TAIL)), ("en", "es")))

    assert len(blocks) > 1
    assert [p for block in blocks for p in block.batch.column(POSITION).to_pylist()] == list(range(1, 5001))
    assert [t for block in blocks for t in block.batch.column("es").to_pylist()] == [f"m{i}" for i in range(5000)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '<!DOCTYPE tmx [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><tmx>&b;</tmx>',
            "entities must not be declared. Received: a",
        ),
        (HEAD + UNITS, "not well-formed XML"),
        (HEAD + TAIL, "at least one <tu> is needed"),
        (
            HEAD + UNITS.replace("es", "fr").replace("ES", "fr") + TAIL,
            "no segment of language `es`. Received: en, en-gb, en-us, fr",
        ),
        ("", "not well-formed XML"),
    ],
)
def test_a_file_that_is_refused_is_named_with_the_reason(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text)

    with pytest.raises(InputError, match=r"a\.tmx") as error:
        list(read_file(source_file(path), ("en", "es")))

    assert message in str(error.value)
