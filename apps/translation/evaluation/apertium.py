"""Apertium, a translator by rules and dictionaries, as a peer: a system package that is called where it is installed."""

import shutil
import subprocess
from collections.abc import Sequence

from gristmill.errors import InputError, WorkError

__all__ = ["Apertium"]

_PROGRAM = "apertium"
_LETTERS = {  # ISO 639-1 to 639-3, of the languages that Apertium has pairs of
    "af": "afr", "ar": "ara", "be": "bel", "br": "bre", "ca": "cat", "cy": "cym", "da": "dan", "en": "eng", "eo": "epo",
    "es": "spa", "eu": "eus", "fr": "fra", "gl": "glg", "hi": "hin", "id": "ind", "is": "isl", "it": "ita", "kk": "kaz",
    "mk": "mkd", "ms": "zlm", "mt": "mlt", "nb": "nob", "nl": "nld", "nn": "nno", "oc": "oci", "pl": "pol", "pt": "por",
    "ro": "ron", "ru": "rus", "sc": "srd", "sv": "swe", "tt": "tat", "uk": "ukr", "ur": "urd",
}  # fmt: skip


class Apertium:
    """Translates lines with the installed program (https://apertium.org).

    Attributes:
        name: "apertium eng-spa".
    """

    def __init__(self, source: str, target: str) -> None:
        """Looks for the program and the pair.

        Args:
            source: Code of the language, such as `en`.
            target: Code of the language, such as `es`.

        Raises:
            InputError: The program is not on PATH, or it lacks the pair; the error says what to install.
        """
        codes = [_LETTERS.get(language, language) for language in (source, target)]
        package = f"apt-get install apertium apertium-{'-'.join(sorted(codes))}"
        if not shutil.which(_PROGRAM):
            raise InputError(f"apertium must be installed ({package}). Received: none on PATH")
        modes = _run(["-l"], "").split()
        wanted = [f"{source}-{target}", "-".join(codes)]
        known = [mode for mode in wanted if mode in modes]
        if not known:
            raise InputError(
                f"apertium must have the pair {wanted[-1]} ({package}). Received: {', '.join(modes) or 'no pair'}"
            )
        self.mode = known[0]
        self.name = f"{_PROGRAM} {self.mode}"

    def translate(self, lines: Sequence[str]) -> list[str]:
        """Translates lines, each for itself; a word that it does not know stays as it is.

        Raises:
            InputError: A line has an end of line in it.
            WorkError: The program failed, or gave another number of lines.
        """
        if any("\n" in line for line in lines):
            raise InputError("`lines` must be one line each. Received: one with an end of line")
        # A blank line ends a paragraph, so that no sentence is read together with the next line's.
        out = _run(["-u", self.mode], "".join(f"{line}\n\n" for line in lines)).split("\n")
        if len(out) != 2 * len(lines) + 1:
            raise WorkError(f"{self.name} must give a line for each line. Received: {len(out) // 2} for {len(lines)}")
        return [line.strip() for line in out[:-1:2]]


def _run(words: list[str], given: str) -> str:
    done = subprocess.run([_PROGRAM, *words], input=given.encode(), capture_output=True)
    if done.returncode:
        raise WorkError(f"{_PROGRAM} {' '.join(words)} failed: {done.stderr.decode(errors='replace')[-500:]}")
    return done.stdout.decode(errors="replace")
