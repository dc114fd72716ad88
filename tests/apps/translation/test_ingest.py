"""Facts about the ingestion of pairs: every form of file gives the same records, and each pair read is told of."""

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sentencepiece import SentencePieceProcessor

from apps.translation.cleaning.names import REPORT
from apps.translation.opened import VOCABULARY
from apps.translation.options import IngestOptions
from apps.translation.plan import make_plan
from apps.translation.text.masks import SYMBOLS
from gristmill.data.dataset import Dataset
from gristmill.data.execution import Execution
from gristmill.data.plan import SPLITS
from gristmill.errors import InputError
from pipelines.ingest import ingest

NOUNS = (("dog", "perro"), ("cat", "gato"), ("book", "libro"), ("car", "coche"), ("boat", "barco"), ("tree", "árbol"))
DOES = (("is red", "es rojo"), ("is old", "es viejo"), ("was here", "estaba aquí"), ("cost %s euros", "costó %s euros"))
PAIRS = [
    (f"The {noun[0]} number {number} {does[0]}.", f"El {noun[1]} número {number} {does[1]}.")
    for noun in NOUNS
    for does in DOES
    for number in range(20, 30)
]
BAD = [("%s files", "archivos"), ("Only this", ""), ("Wi-Fi", "wi-fi"), PAIRS[0]]
OPTIONS = IngestOptions(pieces=400, held_out=0.1)

Ingest = Callable[..., Dataset]


def tsv(pairs: list[tuple[str, str]], header: str = "") -> bytes:
    return (header + "".join(f"{source}\t{target}\n" for source, target in pairs)).encode()


def tmx(pairs: list[tuple[str, str]]) -> bytes:
    units = "".join(
        f'<tu><tuv xml:lang="es"><seg>{target}</seg></tuv><tuv xml:lang="en"><seg>{source}</seg></tuv></tu>'
        for source, target in pairs
    )
    return f'<?xml version="1.0"?><tmx version="1.4"><body>{units}</body></tmx>'.encode()


def jsonl(pairs: list[tuple[str, str]]) -> bytes:
    return "".join(json.dumps({"es": target, "en": source}) + "\n" for source, target in pairs).encode()


def nested(pairs: list[tuple[str, str]]) -> bytes:
    rows = ({"id": i, "translation": {"en": s, "es": t}} for i, (s, t) in enumerate(pairs))
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()


def nested_parquet(pairs: list[tuple[str, str]]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"id": range(len(pairs)), "translation": [{"en": s, "es": t} for s, t in pairs]}), out)
    return out.getvalue()


@pytest.fixture
def run(tmp_path: Path) -> Ingest:
    def call(files: dict[str, bytes], paths: list[str] | None = None, options: IngestOptions = OPTIONS) -> Dataset:
        for name, content in files.items():
            (tmp_path / name).write_bytes(content)
        chosen = [str(tmp_path / name) for name in files] if paths is None else [str(tmp_path / p) for p in paths]
        ingest(make_plan({"pairs": chosen}, options), tmp_path / "out")
        return Dataset.open(tmp_path / "out")

    return call


def records(dataset: Dataset) -> list[dict[str, object]]:
    rows = [row for split in SPLITS for row in dataset.read(split).to_pylist()]
    return sorted(rows, key=lambda row: (row["source"], row["target"]))


def report(dataset: Dataset) -> dict[str, object]:
    loaded: dict[str, object] = json.loads((dataset.path / dataset.manifest.reports[REPORT].name).read_bytes())
    return loaded


@pytest.mark.parametrize(
    ("files", "paths"),
    [
        ({"a.tsv": tsv(PAIRS)}, None),
        ({"a.tsv.gz": gzip.compress(tsv(PAIRS))}, None),
        ({"a.tsv": tsv(PAIRS, "source\ttarget\n")}, None),
        ({"a.csv": tsv(PAIRS, "EN\tES\n").replace(b"\t", b",")}, None),
        ({"a.tsv": tsv([(s, f"{t}\tCC-BY") for s, t in PAIRS])}, None),
        ({"a.jsonl": jsonl(PAIRS)}, None),
        ({"a.jsonl": nested(PAIRS)}, None),
        ({"a.parquet": nested_parquet(PAIRS)}, None),
        ({"a.tmx": tmx(PAIRS)}, None),
        ({"l": "\n".join(s for s, _ in PAIRS).encode(), "r": "\n".join(t for _, t in PAIRS).encode()}, "parallel"),
        ({"1.tsv": tsv(PAIRS[:100]), "2.tmx": tmx(PAIRS[100:])}, None),
    ],
    ids=["tsv", "gz", "header", "csv", "third column", "jsonl", "nested", "struct", "tmx", "parallel", "two files"],
)
def test_every_form_of_file_gives_the_pairs(
    run: Ingest, files: dict[str, bytes], paths: str | None, tmp_path: Path
) -> None:
    dataset = run(files, [f"l::{tmp_path / 'r'}"] if paths else None)

    assert [(row["source"], row["target"]) for row in records(dataset)] == sorted(PAIRS)
    assert dataset.manifest.read == len(PAIRS)
    assert (dataset.manifest.info["source_language"], dataset.manifest.info["target_language"]) == ("en", "es")


def test_a_first_line_that_ends_like_a_file_is_a_pair_and_no_header(run: Ingest) -> None:
    first = ("see the file a.en", "ve el archivo a.es")
    dataset = run({"a.tsv": tsv([first, *PAIRS])})
    assert first in [(row["source"], row["target"]) for row in records(dataset)]
    assert dataset.manifest.read == len(PAIRS) + 1


def test_pieces_are_those_of_the_masked_texts_and_nothing_is_unknown(run: Ingest) -> None:
    dataset = run({"a.tsv": tsv(PAIRS)})
    pieces = SentencePieceProcessor(model_proto=dataset.asset(VOCABULARY))

    assert [pieces.id_to_piece(i) for i in (0, 1, 2, *range(4, 14))] == ["<pad>", "<s>", "</s>", *SYMBOLS]
    for row in records(dataset):
        source, target = (pieces.decode(row[f"{side}_ids"]) for side in ("source", "target"))
        number = row["source"].split()[3]
        assert number not in source
        assert {s for s in SYMBOLS if s in source} == {s for s in SYMBOLS if s in target}
    strange = "Ünknown 漢字 🙂\u200d ﷽"
    assert pieces.decode(pieces.encode(strange)) == strange
    assert 3 not in pieces.encode(strange)


def test_no_sentence_stands_in_two_splits(run: Ingest) -> None:
    twice = [(source.upper().replace(".", " !"), f"¡{target}!") for source, target in PAIRS]
    dataset = run({"a.tsv": tsv(PAIRS + twice)})

    sides = {
        split: {t.lower().strip(" .!") for t in dataset.read(split).column("source").to_pylist()} for split in SPLITS
    }
    assert all(sides.values())
    assert sum(map(len, sides.values())) == len(PAIRS)


def test_whatever_is_set_aside_is_told_with_its_rule(run: Ingest) -> None:
    dataset = run({"a.tsv": tsv(PAIRS + BAD) + b"one cell\n\xff\tbad\n"})
    told = report(dataset)

    manifest = dataset.manifest
    assert (manifest.read, manifest.quarantined, manifest.written) == (len(PAIRS) + 6, 6, len(PAIRS))
    assert {rule["rule"]: rule["dropped"] for rule in told["rules"] if rule["dropped"]} == {
        "unreadable": 2,
        "missing": 1,
        "copy": 1,
        "placeholders": 1,
        "duplicate": 1,
    }
    assert told["read"] == told["left"] + sum(rule["dropped"] for rule in told["rules"])
    ((origin,),) = [told["origins"]]
    assert origin["origin"] == "a.tsv"
    assert origin["left"] + sum(origin["dropped"].values()) == told["read"]
    lines = [json.loads(line) for line in (dataset.path / manifest.quarantine[0].name).read_text("utf-8").splitlines()]
    assert [line["position"] for line in lines] == list(range(len(PAIRS) + 1, len(PAIRS) + 7))
    assert lines[3]["reason"].startswith("duplicate: ")
    assert lines[3]["reason"].endswith("a.tsv:1")


def test_what_is_no_text_is_set_aside(run: Ingest) -> None:
    odd = (
        b'{"en": ["The dog"], "es": "El perro"}\n{"en": {"a": 1}, "es": "x"}\n{"en": "The dog", "es": null}\nno json\n'
    )

    told = report(run({"a.jsonl": jsonl(PAIRS) + odd}))

    assert {rule["rule"]: rule["dropped"] for rule in told["rules"] if rule["dropped"]} == {
        "unreadable": 3,
        "missing": 1,
    }


def test_parquet_is_read_and_its_records_are_told_as_json(run: Ingest) -> None:
    out = io.BytesIO()
    table = pa.table({"target": [target for _, target in [*PAIRS, BAD[0]]], "source": [s for s, _ in [*PAIRS, BAD[0]]]})
    pq.write_table(table, out)

    dataset = run({"a.parquet": out.getvalue()})

    (line,) = (dataset.path / dataset.manifest.quarantine[0].name).read_text("utf-8").splitlines()
    assert json.loads(json.loads(line)["record"]) == {"source": "%s files", "target": "archivos"}
    assert dataset.manifest.written == len(PAIRS)


def test_origins_of_the_file_are_kept(run: Ingest) -> None:
    rows = "".join(f"{s}\t{t}\t{'even' if i % 2 else 'odd'}\n" for i, (s, t) in enumerate(PAIRS))
    dataset = run({"a.tsv": f"en\tes\torigin\n{rows}".encode()})

    assert {o["origin"]: o["left"] for o in report(dataset)["origins"]} == {"even": 120, "odd": 120}
    assert {row["origin"] for row in records(dataset)} == {"even", "odd"}


def test_rules_that_are_kept_off_drop_nothing(run: Ingest) -> None:
    options = IngestOptions(pieces=400, held_out=0.1, keep="duplicate, copy")

    dataset = run({"a.tsv": tsv([*PAIRS, PAIRS[0], ("Wi-Fi", "wi-fi")])}, options=options)

    assert dataset.manifest.quarantined == 0


@pytest.mark.slow
def test_two_workers_write_what_one_does(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes(tsv(PAIRS + BAD))
    plan = make_plan({"pairs": [str(path)]}, OPTIONS)

    made = [ingest(plan, tmp_path / str(n), execution=Execution(workers=n)) for n in (1, 2)]

    assert made[0].model_dump() == made[1].model_dump()


@pytest.mark.parametrize(
    ("files", "options", "message"),
    [
        ({"a.tsv": b"one\ntwo\n"}, OPTIONS, "two columns are needed"),
        ({"a.jsonl": b'{"a": "x"}\n'}, OPTIONS, "no columns for en and es"),
        ({"a.tsv": tsv(PAIRS)}, IngestOptions(source_column="english"), "--source-column must name a column"),
        ({"a.txt": b"x"}, OPTIONS, "the name must end in"),
        ({"a.tmx": b"<tmx>"}, OPTIONS, "not well-formed XML"),
        ({"a.tsv": tsv(BAD[:3])}, OPTIONS, "at least one good record is needed"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(
    run: Ingest, files: dict[str, bytes], options: IngestOptions, message: str
) -> None:
    with pytest.raises(InputError) as error:
        run(files, options=options)

    assert message in str(error.value)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"pair": "english"}, "two different language codes"),
        ({"pair": "en-en"}, "two different language codes"),
        ({"pieces": 10}, "--pieces must be"),
        ({"held_out": 0.5}, "--held-out must be"),
        ({"most_ratio": 1.0}, "--most-ratio must be"),
        ({"most_characters": 0}, "--most-characters must be"),
        ({"keep": "lenguage"}, "language"),
    ],
)
def test_options_have_rules(given: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as error:
        IngestOptions(**given)  # type: ignore[arg-type]

    assert message in str(error.value)


def test_pairs_may_name_countries() -> None:
    assert IngestOptions(pair="en:pt-BR").languages == ("en", "pt-BR")
