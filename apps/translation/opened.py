"""A trained translator, opened from a lite file or from a run that has one; needs no TensorFlow."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apps.translation.text import Engine, Vocabulary
from gristmill.errors import InputError, IntegrityError

if TYPE_CHECKING:
    from gristmill.lite import LiteModel
    from gristmill.runs import Run

__all__ = ["ABOUT", "OpenedModel", "VOCABULARY", "open_model"]

VOCABULARY = "vocabulary/pieces.model"
"""The asset of a lite file that holds the SentencePiece model."""
ABOUT = "translation.json"
"""The asset that tells the `source_language` and the `target_language`."""
_SUFFIX = ".tflite"
_BEST_FIRST = ("dynamic", "int8_weights", "f16", "f32")
"""Formats of a run's lite files; all that are kept passed the gate, and the smallest is the fastest."""


@dataclass(frozen=True)
class OpenedModel:
    """A model that is ready to translate."""

    name: str
    """Of the run or the file."""
    engine: Engine
    vocabulary: Vocabulary
    source_language: str
    """Code such as `en`."""
    target_language: str
    segment_pieces: int = 64
    """Most pieces of a segment that it is given."""
    lite: "LiteModel | None" = None
    """The lite file that the engine runs."""

    def check_languages(self, source: str | None, target: str | None) -> None:
        """Checks that it translates from and to these languages; None is any.

        Raises:
            InputError: It does not.
        """
        for option, wanted, own in (("--from", source, self.source_language), ("--to", target, self.target_language)):
            if wanted not in {None, own}:
                raise InputError(
                    f"`{option}` must be {own}: {self.name} translates from {self.source_language} to "
                    f"{self.target_language}. Received: {wanted}"
                )


def open_model(run: str) -> OpenedModel:
    """Opens a lite file, or the smallest lite file of a run.

    Args:
        run: FILE.tflite, a run folder, or the name of a run.

    Raises:
        InputError: There is no such run, it is none of a translator, it has no lite file yet, or the file is none of a
            translator.
        IntegrityError: A file is missing, cut or changed.
    """
    if run.endswith(_SUFFIX):
        return _open_file(Path(run))
    from gristmill.runs import Run, find_run

    return _open_file(_lite_file(Run.open(find_run(run))))


def _lite_file(run: "Run") -> Path:
    if run.config.get("app") != "translation":
        raise InputError(f"`--run` must be a run of translation. Received: {run.name}, of {run.config.get('app')}")
    by_format = {row["format"]: row["file"] for row in run.lite if not row.get("refused")}
    kept = [by_format[name] for name in _BEST_FIRST if name in by_format]
    if not kept:
        raise InputError(
            f"run {run.name} must have a lite file to translate with: gristmill export {run.path} --lite auto. "
            f"Received: none"
        )
    return run.file(f"lite/{kept[0]}")


def _open_file(path: Path) -> OpenedModel:
    from apps.translation.lite_engine import LiteEngine
    from apps.translation.text.pieces import SentencePieces
    from gristmill.lite import LiteModel

    if not path.is_file():
        raise InputError(f"`--run` must be a file that is there. Received: {path}")
    model = LiteModel(path)
    missing = [name for name in (VOCABULARY, ABOUT) if name not in model.assets]
    if missing:
        raise InputError(f"{path} must be a lite file of a translator. Received: one without {' and '.join(missing)}")
    about = _about(path, model.assets[ABOUT])
    engine = LiteEngine(model)
    return OpenedModel(
        path.name,
        engine,
        SentencePieces(model.assets[VOCABULARY]),
        about["source_language"],
        about["target_language"],
        min(OpenedModel.segment_pieces, engine.source_pieces),
        model,
    )


def _about(path: Path, content: bytes) -> dict[str, Any]:
    try:
        about = json.loads(content)
        return {name: str(about[name]) for name in ("source_language", "target_language")}
    except (ValueError, KeyError, TypeError) as error:
        raise IntegrityError(f"{path}: {ABOUT} must tell source_language and target_language") from error
