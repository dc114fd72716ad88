"""A trained translator, opened as the Keras model of a run; needs TensorFlow, and the run's dataset for its vocabulary."""

from pathlib import Path
from typing import TYPE_CHECKING

from apps.translation.decoding import ModelEngine
from apps.translation.opened import VOCABULARY, OpenedModel
from apps.translation.text.pieces import SentencePieces
from gristmill.progress import Silent
from gristmill.workflow.opened import load_model, open_run

if TYPE_CHECKING:
    from gristmill.runs import Run

__all__ = ["open_keras"]


def open_keras(run: "Run", dataset: Path | None) -> OpenedModel:
    """Opens the model of a run of translation.

    Args:
        run: The run.
        dataset: The dataset that it was trained on; None where that is where it was.

    Raises:
        InputError: The dataset is not the one that the run was trained on.
        IntegrityError: A file of the run or of the dataset is missing, cut or changed.
    """
    opened = open_run(run.path, dataset, Silent())
    (task,) = opened.tasks
    engine = ModelEngine(load_model(opened, task), opened.work.config.decoding)
    info = opened.work.dataset.manifest.info
    return OpenedModel(
        run.name,
        engine,
        SentencePieces(opened.work.dataset.asset(VOCABULARY)),
        info["source_language"],
        info["target_language"],
        min(OpenedModel.segment_pieces, engine.source_pieces),
    )
