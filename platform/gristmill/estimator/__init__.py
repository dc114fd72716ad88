"""Estimators on Keras 3, with the names and arguments of tf.estimator 2.15."""

from gristmill.estimator import experimental, export
from gristmill.estimator.best_exporter import BestExporter
from gristmill.estimator.canned.baseline import BaselineClassifier, BaselineEstimator, BaselineRegressor
from gristmill.estimator.canned.boosted_trees import BoostedTreesClassifier, BoostedTreesRegressor
from gristmill.estimator.canned.combined import (
    DNNLinearCombinedClassifier,
    DNNLinearCombinedEstimator,
    DNNLinearCombinedRegressor,
)
from gristmill.estimator.canned.dnn import DNNClassifier, DNNEstimator, DNNRegressor
from gristmill.estimator.canned.keras_model import call_model
from gristmill.estimator.canned.linear import LinearClassifier, LinearEstimator, LinearRegressor
from gristmill.estimator.canned.metrics import binary_metrics, logistic
from gristmill.estimator.columns import classifier_parse_example_spec, regressor_parse_example_spec
from gristmill.estimator.estimator import Estimator
from gristmill.estimator.exporters import Exporter, FinalExporter, LatestExporter
from gristmill.estimator.extenders import add_metrics
from gristmill.estimator.from_keras import from_keras
from gristmill.estimator.heads import (
    BinaryClassHead,
    Head,
    LogisticRegressionHead,
    MultiClassHead,
    MultiHead,
    MultiLabelHead,
    PoissonRegressionHead,
    RegressionHead,
)
from gristmill.estimator.hooks import (
    CheckpointSaverHook,
    CheckpointSaverListener,
    FeedFnHook,
    FinalOpsHook,
    GlobalStepWaiterHook,
    LoggingTensorHook,
    NanLossDuringTrainingError,
    NanTensorHook,
    ProfilerHook,
    SecondOrStepTimer,
    SessionRunArgs,
    SessionRunContext,
    SessionRunHook,
    SessionRunValues,
    StepCounterHook,
    StopAtStepHook,
    SummarySaverHook,
)
from gristmill.estimator.mode import ModeKeys
from gristmill.estimator.run_config import RunConfig
from gristmill.estimator.spec import EstimatorSpec
from gristmill.estimator.train_and_evaluate import train_and_evaluate
from gristmill.estimator.train_specs import EvalSpec, TrainSpec
from gristmill.estimator.warm_start import VocabInfo, WarmStartSettings

__all__ = [
    "BaselineClassifier",
    "BaselineEstimator",
    "BaselineRegressor",
    "BestExporter",
    "BinaryClassHead",
    "BoostedTreesClassifier",
    "BoostedTreesRegressor",
    "CheckpointSaverHook",
    "CheckpointSaverListener",
    "DNNClassifier",
    "DNNEstimator",
    "DNNLinearCombinedClassifier",
    "DNNLinearCombinedEstimator",
    "DNNLinearCombinedRegressor",
    "DNNRegressor",
    "Estimator",
    "EstimatorSpec",
    "EvalSpec",
    "Exporter",
    "FeedFnHook",
    "FinalExporter",
    "FinalOpsHook",
    "GlobalStepWaiterHook",
    "Head",
    "LatestExporter",
    "LinearClassifier",
    "LinearEstimator",
    "LinearRegressor",
    "LoggingTensorHook",
    "LogisticRegressionHead",
    "ModeKeys",
    "MultiClassHead",
    "MultiHead",
    "MultiLabelHead",
    "NanLossDuringTrainingError",
    "NanTensorHook",
    "PoissonRegressionHead",
    "ProfilerHook",
    "RegressionHead",
    "RunConfig",
    "SecondOrStepTimer",
    "SessionRunArgs",
    "SessionRunContext",
    "SessionRunHook",
    "SessionRunValues",
    "StepCounterHook",
    "StopAtStepHook",
    "SummarySaverHook",
    "TrainSpec",
    "VocabInfo",
    "WarmStartSettings",
    "add_metrics",
    "binary_metrics",
    "call_model",
    "classifier_parse_example_spec",
    "experimental",
    "export",
    "from_keras",
    "logistic",
    "regressor_parse_example_spec",
    "train_and_evaluate",
]
