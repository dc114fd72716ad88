"""What the verbs do, as functions: train, evaluate and export any app, each on a run folder."""

from gristmill.workflow.evaluate import evaluate_run
from gristmill.workflow.export import export_run
from gristmill.workflow.keras_app import keras_app
from gristmill.workflow.look import look_at_steps
from gristmill.workflow.train import train_app

__all__ = ["evaluate_run", "export_run", "keras_app", "look_at_steps", "train_app"]
