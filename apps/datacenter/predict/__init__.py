"""Prediction: PUE and power a step and an hour ahead, with intervals, what-if curves and attributions."""

from apps.datacenter.config import PredictConfig
from apps.datacenter.predict.attributions import attributions
from apps.datacenter.predict.calibration import predict
from apps.datacenter.predict.estimators import EstimatorInputs, estimator_inputs
from apps.datacenter.predict.layout import Layout, layout_of
from apps.datacenter.predict.model import Predictor
from apps.datacenter.predict.series import Series, series_of_dataset, series_of_table
from apps.datacenter.predict.task import load_predictor
from apps.datacenter.predict.training import train_predictor
from apps.datacenter.predict.what_if import what_if
from apps.datacenter.predict.windows import Windows, windows_of

__all__ = [
    "EstimatorInputs",
    "Layout",
    "PredictConfig",
    "Predictor",
    "Series",
    "Windows",
    "attributions",
    "estimator_inputs",
    "layout_of",
    "load_predictor",
    "predict",
    "series_of_dataset",
    "series_of_table",
    "train_predictor",
    "what_if",
    "windows_of",
]
