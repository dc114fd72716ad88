"""A phrase-based system, Thot by way of sil-machine: trained and run in an environment of its own (`make thot`).

    python phrases.py train SOURCE TARGET FOLDER    two parallel files of lines in, a model out
    python phrases.py translate FOLDER WEIGHTS      lines in, lines out, by the weights "tuned" or "untuned"

It prints one JSON object on standard error when it is done: the CPU-seconds that it took, and of training those up to where
weights are tuned. The steps are those of https://github.com/sillsdev/machine.py (samples/machine_translation.ipynb): HMM
alignments, trigrams, weights tuned on 1,000 pairs that it holds back; all in lower case, and the case put back from what it
saw. Untuned weights are those that tuning starts with.
"""

import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from machine.corpora import TextFileTextCorpus
from machine.tokenization import LatinWordDetokenizer, LatinWordTokenizer
from machine.translation import UnigramTruecaser, UnigramTruecaserTrainer
from machine.translation.thot import ThotSmtModel, ThotSmtModelTrainer, ThotSmtParameters, ThotWordAlignmentModelType

__all__ = ["train", "translate"]

_ALIGNMENT = ThotWordAlignmentModelType.HMM
_UNTUNED = (1.0,) * 7 + (0.0,)


class _Trainer(ThotSmtModelTrainer):
    """Tells how long it took before it tuned."""

    untuned_seconds = 0.0

    def _tune_translation_model(self, *given: Any) -> None:
        self.untuned_seconds = _cpu_seconds()
        super()._tune_translation_model(*given)


def train(source: str, target: str, folder: str) -> dict[str, float]:
    """Trains on two parallel files and writes the model into a folder; gives the CPU-seconds before weights are tuned."""
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
    with _Trainer(_ALIGNMENT, pairs, parameters, words, words, True, True) as trainer:
        trainer.train()
        trainer.save()
        weights = {"tuned": list(map(float, trainer.parameters.model_weights)), "untuned": _UNTUNED}
    (place / "weights.json").write_text(json.dumps(weights), "utf-8")
    return {"untuned_seconds": trainer.untuned_seconds}


def translate(folder: str, weights: str) -> dict[str, float]:
    """Translates lines of standard input to standard output."""
    place = Path(folder)
    parameters = ThotSmtParameters(
        translation_model_filename_prefix=str(place / "tm/src_trg"),
        language_model_filename_prefix=str(place / "lm/trg.lm"),
        model_weights=json.loads((place / "weights.json").read_text("utf-8"))[weights],
    )
    words = LatinWordTokenizer()
    cases = UnigramTruecaser(str(place / "case.txt"))
    with ThotSmtModel(_ALIGNMENT, parameters, words, words, LatinWordDetokenizer(), True, True, cases) as model:
        for line in sys.stdin.buffer.read().decode().removesuffix("\n").split("\n"):
            translated = model.translate(line).translation if line.strip() else ""
            sys.stdout.buffer.write(f"{_capital(translated)}\n".encode())
    return {}


def _cpu_seconds() -> float:
    """Of this process and of those that it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _capital(text: str) -> str:
    """The text with its first letter as a capital, as sentences begin."""
    place = next((index for index, character in enumerate(text) if character.isalnum()), 0)
    return text[:place] + text[place : place + 1].upper() + text[place + 1 :]


if __name__ == "__main__":
    work: dict[str, Callable[..., dict[str, float]]] = {"train": train, "translate": translate}
    told = work[sys.argv[1]](*sys.argv[2:])
    sys.stdout.flush()
    print(json.dumps({"cpu_seconds": _cpu_seconds()} | told), file=sys.stderr)
