"""`docs/estimator.md`: its code runs, and its table has each public symbol of tf.estimator 2.15."""

import re
from pathlib import Path
from typing import Any

import pytest

import gristmill.estimator as tf_estimator

PAGE = (Path(__file__).parents[3] / "docs/estimator.md").read_text("utf-8")
SYMBOLS = [
    "BaselineClassifier",
    "BaselineEstimator",
    "BaselineRegressor",
    "BestExporter",
    "BinaryClassHead",
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
    "classifier_parse_example_spec",
    "regressor_parse_example_spec",
    "train_and_evaluate",
    "experimental.InMemoryEvaluatorHook",
    "experimental.LinearSDCA",
    "experimental.RNNClassifier",
    "experimental.RNNEstimator",
    "experimental.build_raw_supervised_input_receiver_fn",
    "experimental.call_logit_fn",
    "experimental.make_early_stopping_hook",
    "experimental.make_stop_at_checkpoint_step_hook",
    "experimental.stop_if_higher_hook",
    "experimental.stop_if_lower_hook",
    "experimental.stop_if_no_decrease_hook",
    "experimental.stop_if_no_increase_hook",
    "export.ClassificationOutput",
    "export.EvalOutput",
    "export.ExportOutput",
    "export.PredictOutput",
    "export.RegressionOutput",
    "export.ServingInputReceiver",
    "export.TensorServingInputReceiver",
    "export.build_parsing_serving_input_receiver_fn",
    "export.build_raw_serving_input_receiver_fn",
]


def test_the_code_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TF_CONFIG", "")
    namespace: dict[str, Any] = {"__name__": "page"}
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 14
    for block in blocks:
        exec(compile(block, "docs/estimator.md", "exec"), namespace)
    assert namespace["config"].task_type == "worker" and namespace["config"].num_worker_replicas == 2
    assert set(namespace["served"].signatures) == {"serving_default", "classification", "regression", "predict"}


def test_the_table_has_every_symbol_and_each_is_there() -> None:
    rows = dict(re.findall(r"^\| `([\w.]+)` \| (.*) \|$", PAGE, re.MULTILINE))
    assert sorted(rows) == sorted(SYMBOLS)
    for name, text in rows.items():
        found: Any = tf_estimator
        for part in name.split("."):
            found = getattr(found, part)
        assert text.startswith(("works", "raises: ")), name


def test_a_row_that_raises_does(tmp_path: Path) -> None:
    estimator = tf_estimator.BaselineClassifier(tmp_path)
    hook = tf_estimator.FeedFnHook(lambda: {"x": 1})
    with pytest.raises(ValueError, match="input_fn"):
        estimator.train(lambda: ({"x": [1.0]}, [1]), hooks=[hook], steps=1)
