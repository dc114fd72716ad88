"""The readers that are compared deliver the same rows; no test looks at a time."""

from pathlib import Path

import pyarrow as pa
import pytest

from bench import read, read_systems
from bench.inputs import Inputs
from bench.read_files import make_files
from bench.rows import NUMBERS, digest, table_of

ROWS = 3000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pa.Table]:
    folder = tmp_path_factory.mktemp("read")
    return folder, make_files(folder, ROWS)


@pytest.mark.parametrize("name", read_systems.SYSTEMS)
def test_every_reader_delivers_the_rows_that_were_written(name: str, made: tuple[Path, pa.Table]) -> None:
    folder, table = made
    if "array_record" in name:
        pytest.importorskip("array_record", reason="the group bench is not installed")
        pytest.importorskip("grain", reason="the group bench is not installed")
    reader, kind = read_systems.SYSTEMS[name]
    batches = -(-ROWS // read_systems.BATCH_ROWS)
    told = read_systems.measure(lambda epochs: reader(folder / kind, epochs), batches, compared=True)
    assert told["rows"] == read_systems._EPOCHS * ROWS
    assert told["numbers"] == digest(table.select(list(NUMBERS)))
    assert told["all"] == (told["numbers"] if kind == "memmap" else digest(table))


def test_a_digest_is_that_of_the_rows_and_not_of_their_order() -> None:
    rows = {"user": ["a", "b"], "time": [1, 2]}
    whole = digest(table_of([rows]))
    assert whole == digest(table_of([{"user": ["b"], "time": [2]}, {"user": [b"a"], "time": [1]}]))
    assert whole != digest(table_of([{"user": ["b", "a"], "time": [1, 2]}]))


@pytest.mark.slow
def test_the_whole_benchmark_prints_what_was_measured_and_what_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few = {name: read_systems.SYSTEMS[name] for name in ("ours, packed", read._BASE, read._NUMBERS_ONLY)}
    monkeypatch.setattr(read, "SYSTEMS", few)
    monkeypatch.setattr(read, "_ROUNDS", 1)
    read.run(Inputs(tmp_path, rows=100))
    told = capsys.readouterr().out
    assert all(name in told for name in few)
    assert "No module named 'torch'" in told or told.count("PyTorch DataLoader") >= 2
