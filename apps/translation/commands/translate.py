"""Translate a file or a pipe line by line, and score translations beside peers."""

import sys
import time
from contextlib import ExitStack, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from apps.translation.commands.score import LiteOption, score
from gristmill.cli.output import JsonOption, QuietOption, Verb, verb
from gristmill.errors import InputError

if TYPE_CHECKING:
    from apps.translation.text import Counts, Translator

__all__ = ["app"]

app = typer.Typer(help="Translate a file or a pipe line by line, and score translations.")
app.command("score")(score)


@app.callback(invoke_without_command=True)
def translate(
    context: typer.Context,
    *,
    run: Annotated[str | None, typer.Option(help="Run folder, name of a run under runs/, or FILE.tflite.")] = None,
    given: Annotated[Path | None, typer.Option("--input", help="File of lines; standard input by default.")] = None,
    output: Annotated[Path | None, typer.Option(help="File for the translations; standard output by default.")] = None,
    glossary: Annotated[Path | None, typer.Option(help="File of lines term<TAB>translation.")] = None,
    beam: Annotated[int, typer.Option(help="Hypotheses that the search keeps; 1 is greedy, and fastest.")] = 1,
    lite: LiteOption = "auto",
    dataset: Annotated[
        Path | None, typer.Option(help="The run's dataset, where it has moved; has the vocabulary for --lite none.")
    ] = None,
    source: Annotated[str | None, typer.Option("--from", help="Language of the input, such as en; checked.")] = None,
    target: Annotated[str | None, typer.Option("--to", help="Language of the output, such as es; checked.")] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Translate line by line: a line of the output for each line of the input, in order, whatever stands in it.

    Numbers, URLs, tags and placeholders come through unchanged; a long line is split at its sentences and joined again.
    """
    if context.invoked_subcommand:
        return
    with verb(as_json, quiet or (output is None and sys.stdout.isatty())) as call:
        if run is None:
            raise InputError("`--run` must be a run folder or a .tflite file. Received: none")
        if as_json and output is None:
            raise InputError("`--json` needs `--output`, since standard output is for the object. Received: none")
        from apps.translation.opened import open_model
        from apps.translation.text import Glossary, Translator

        terms = Glossary.read(glossary) if glossary else None
        with call.progress.task(f"open {run}"):
            model = open_model(run, lite, dataset)
        model.check_languages(source, target)
        translator = Translator(
            model.engine, model.vocabulary, glossary=terms, beam=beam, segment_pieces=model.segment_pieces
        )
        start = time.monotonic()
        whole = _translate(translator, given, output, call)
        counts = asdict(translator.counts) | {"seconds": round(time.monotonic() - start, 3), "whole": whole}
        told = {"run": run, "from": model.source_language, "to": model.target_language, **counts}
        call.result({**told, "output": str(output) if output else None}, lambda: None)
        if not quiet:
            _tell(translator.counts, call)


def _translate(translator: "Translator", given: Path | None, output: Path | None, call: Verb) -> bool:
    """Translates all; False where the reader of standard output went away before the end."""
    from apps.translation.text.lines import count_lines, open_input, open_output, read_lines

    with ExitStack() as stack:
        reading: Any = stack.enter_context(open_input(given) if given else nullcontext(sys.stdin.buffer))
        writing: Any = stack.enter_context(open_output(output) if output else nullcontext(sys.stdout.buffer))
        total = count_lines(given) if given and given.is_file() else None
        task = stack.enter_context(call.progress.task(f"translate {given or 'standard input'}: lines", total=total))
        try:
            for chunk in read_lines(reading, str(given or "standard input")):
                writing.write(chunk.bytes_of(translator.translate(chunk.lines, task.advance)))
                writing.flush()
        except BrokenPipeError:
            _forget_output()
            return False
    return True


def _forget_output() -> None:
    """Lets what is still to be written to standard output go nowhere, since nobody reads it."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _tell(counts: "Counts", call: Verb) -> None:
    """What a user should look at; nothing where all went its usual way."""
    if counts.lost or counts.spare:
        call.progress.line(
            f"{counts.lost} of {counts.protected} protected parts were lost by the model and put back where they stood "
            f"in the source, {counts.spare} were made up and left out"
        )
    if counts.untranslated:
        call.progress.line(f"{counts.untranslated} of {counts.segments} segments came back empty and stay as they were")
