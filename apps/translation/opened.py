"""A trained translator, opened from a lite file, which needs no TensorFlow, or from a run."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apps.translation.text import Engine, Vocabulary
from gristmill.errors import InputError, IntegrityError, unknown_name

if TYPE_CHECKING:
    from gristmill.lite import LiteModel
    from gristmill.runs import Run

__all__ = ["ABOUT", "AUTO", "NO_LITE", "OpenedModel", "VOCABULARY", "open_model"]

VOCABULARY = "vocabulary/pieces.model"
"""The asset of a lite file that holds the SentencePiece model."""
ABOUT = "translation.json"
"""The asset that tells the `source_language` and the `target_language`."""
AUTO, NO_LITE = "auto", "none"
"""In place of a lite format: the best file of the run, or its Keras model."""
_SUFFIX = ".tflite"
_BEST_FIRST = ("dynamic", "int8_weights", "f16", "f32")
"""Formats of a run's lite files; all that are kept passed the gate."""


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


def open_model(run: str, lite: str = AUTO, dataset: Path | None = None) -> OpenedModel:
    """Opens a lite file, or a run by one of its lite files or by its Keras model.

    Args:
        run: FILE.tflite, a run folder, or the name of a run.
        lite: Format of the run's lite file; "auto" for the smallest, "none" for the Keras model, which translates in batches
            and needs TensorFlow.
        dataset: The run's dataset, which has the vocabulary of a Keras model, where it is no longer where it was.

    Raises:
        InputError: There is no such run, format or dataset, it is none of a translator, it has no such lite file, or the
            file is none of a translator.
        IntegrityError: A file is missing, cut or changed.
    """
    from gristmill.lite.formats import FORMATS

    if lite not in (AUTO, NO_LITE, *FORMATS):
        raise unknown_name("lite format", lite, [AUTO, NO_LITE, *FORMATS])
    if dataset is not None and lite != NO_LITE:
        raise InputError(
            f"`--dataset` must stand with `--lite {NO_LITE}`: a lite file has its vocabulary. Received: {dataset}"
        )
    if run.endswith(_SUFFIX):
        if lite != AUTO:
            raise InputError(f"`--lite` must stand with a run, whose file it chooses. Received: {lite} with {run}")
        return _open_file(Path(run))
    from gristmill.runs import Run, find_run

    found = Run.open(find_run(run))
    if found.config.get("app") != "translation":
        raise InputError(f"`--run` must be a run of translation. Received: {found.name}, of {found.config.get('app')}")
    if lite == NO_LITE:
        from apps.translation.opened_keras import open_keras

        return open_keras(found, dataset)
    return _open_file(_lite_file(found, lite))


def _lite_file(run: "Run", lite: str) -> Path:
    by_format = {row["format"]: row["file"] for row in run.lite if not row.get("refused")}
    kept = [by_format[name] for name in (_BEST_FIRST if lite == AUTO else (lite,)) if name in by_format]
    if not kept:
        raise InputError(
            f"run {run.name} must have {'a lite file' if lite == AUTO else f'the lite file {lite}'} to translate with: "
            f"gristmill export {run.path} --lite {lite}. Received: {', '.join(by_format) or 'none'}"
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
