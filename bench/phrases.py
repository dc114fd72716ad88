"""A phrase-based system, Thot by way of sil-machine: trained and run in an environment of its own (`make thot`).

    python phrases.py train SOURCE TARGET FOLDER    two parallel files of lines in, a model out
    python phrases.py translate FOLDER              lines in, lines out

It prints one JSON object on standard error when it is done: the CPU-seconds it took. The steps are those of
https://github.com/sillsdev/machine.py (samples/machine_translation.ipynb): HMM alignments, trigrams, weights tuned on
1,000 pairs that it holds back; all in lower case, and the case put back from what it saw.
"""

import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path

from machine.corpora import TextFileTextCorpus
from machine.tokenization import LatinWordDetokenizer, LatinWordTokenizer
from machine.translation import UnigramTruecaser, UnigramTruecaserTrainer
from machine.translation.thot import ThotSmtModel, ThotSmtModelTrainer, ThotSmtParameters, ThotWordAlignmentModelType

__all__ = ["train", "translate"]

_ALIGNMENT = ThotWordAlignmentModelType.HMM


def train(source: str, target: str, folder: str) -> None:
    """Trains on two parallel files and writes the model into a folder."""
    place = Path(folder)
    parameters = ThotSmtParameters(
        translation_model_filename_prefix=str(place / "tm/src_trg"),
        language_model_filename_prefix=str(place / "lm/trg.lm"),
    )
    for name in ("tm", "lm"):
        (place / name).mkdir(parents=True, exist_ok=True)
    targets = TextFileTextCorpus(target)
    cases = UnigramTruecaserTrainer(str(place / "case.txt"), targets, LatinWordTokenizer())
    cases.train()
    cases.save()
    pairs = TextFileTextCorpus(source).align_rows(targets)
    words = LatinWordTokenizer()
    with ThotSmtModelTrainer(_ALIGNMENT, pairs, parameters, words, words, True, True) as trainer:
        trainer.train()
        trainer.save()
        weights = list(map(float, trainer.parameters.model_weights))
    (place / "weights.json").write_text(json.dumps(weights), "utf-8")


def translate(folder: str) -> None:
    """Translates lines of standard input to standard output."""
    place = Path(folder)
    parameters = ThotSmtParameters(
        translation_model_filename_prefix=str(place / "tm/src_trg"),
        language_model_filename_prefix=str(place / "lm/trg.lm"),
        model_weights=json.loads((place / "weights.json").read_text("utf-8")),
    )
    words = LatinWordTokenizer()
    cases = UnigramTruecaser(str(place / "case.txt"))
    with ThotSmtModel(_ALIGNMENT, parameters, words, words, LatinWordDetokenizer(), True, True, cases) as model:
        for line in sys.stdin.buffer.read().decode().removesuffix("\n").split("\n"):
            translated = model.translate(line).translation if line.strip() else ""
            sys.stdout.buffer.write(f"{_capital(translated)}\n".encode())


def _capital(text: str) -> str:
    """The text with its first letter as a capital, as sentences begin."""
    place = next((index for index, character in enumerate(text) if character.isalnum()), 0)
    return text[:place] + text[place : place + 1].upper() + text[place + 1 :]


if __name__ == "__main__":
    work: dict[str, Callable[..., None]] = {"train": train, "translate": translate}
    work[sys.argv[1]](*sys.argv[2:])
    sys.stdout.flush()
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(json.dumps({"cpu_seconds": sum(each.ru_utime + each.ru_stime for each in used)}), file=sys.stderr)
