"""Progress: silent, as lines, and as bars; nothing ever goes to standard output."""

import pytest

from gristmill import progress
from gristmill.progress import Lines, Progress, Silent, Terminal, progress_for


def work(shown: Progress) -> None:
    shown.line("fact [bold] :id: " + "x" * 200)
    with shown.task("outer [red]", 4) as task:
        task.advance()
        task.advance(3, "loss 0.5000 [dim]")
    with shown.task("no total") as task:
        task.advance(0.5)


@pytest.mark.parametrize("kind", [Silent, Lines, Terminal])
def test_nothing_goes_to_standard_output(kind: type, capsys: pytest.CaptureFixture[str]) -> None:
    work(kind())
    out, err = capsys.readouterr()
    assert out == ""
    assert bool(err) == (kind is not Silent)


@pytest.mark.parametrize("kind", [Lines, Terminal])
def test_a_fact_stands_on_one_line_as_it_is(kind: type, capsys: pytest.CaptureFixture[str]) -> None:
    kind().line("fact [bold] :id: " + "x" * 200)
    assert capsys.readouterr().err == "fact [bold] :id: " + "x" * 200 + "\n"


@pytest.mark.parametrize("kind", [Silent, Lines, Terminal])
def test_work_that_fails_ends_its_task(kind: type) -> None:
    shown = kind()
    with pytest.raises(RuntimeError, match="broken"), shown.task("it", 2):
        raise RuntimeError("broken")
    with shown.task("the next one", 1) as task:
        task.advance()


def test_a_failed_task_is_not_called_done(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError), Lines().task("it", 2):
        raise RuntimeError
    assert "done" not in capsys.readouterr().err


def test_lines_tell_start_distance_and_end(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    with Lines().task("train", 8) as task:
        for _ in range(4):
            now[0] += 6
            task.advance(2, "loss 1.5")
    assert capsys.readouterr().err.splitlines() == [
        "train …",
        "train: 50%, 12 s, 12 s left loss 1.5",
        "train: 100%, 24 s, 0 s left loss 1.5",
        "train: done in 24.0 s",
    ]


def test_lines_without_a_total_tell_the_amount(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    with Lines().task("read") as task:
        now[0] = 11
        task.advance(3)
    assert "read: 3 after 11 s" in capsys.readouterr().err.splitlines()


@pytest.mark.parametrize(
    ("quiet", "terminal", "kind"), [(True, True, Silent), (False, True, Terminal), (False, False, Lines)]
)
def test_progress_fits_where_the_program_runs(
    quiet: bool, terminal: bool, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal, raising=False)
    assert type(progress_for(quiet)) is kind


def test_a_terminal_shows_a_task_within_a_task() -> None:
    shown = Terminal()
    with shown.task("outer", 1), shown.task("inner", 1) as inner:
        shown.line("between")
        inner.advance()
