"""Trees as tensors say what LightGBM says, in TensorFlow and in LiteRT."""

import lightgbm
import numpy as np
import pytest
import tensorflow as tf

from gristmill.estimator.trees import parsed, scores
from gristmill.estimator.trees.ensemble import Ensemble, empty

WIDTH = 4
OBJECTIVES = [("cross_entropy", 1), ("regression", 1), ("multiclass", 3)]


def records(rows=600, seed=0):
    random = np.random.default_rng(seed)
    inputs = random.normal(size=(rows, WIDTH)).astype(np.float32)
    inputs[:, 2] = np.round(inputs[:, 2])
    inputs[random.random((rows, WIDTH)) < 0.1] = np.nan
    inputs[:, 3] = np.nan_to_num(inputs[:, 3])
    return inputs


def grown(objective, units, rounds=12, **options):
    inputs = records()
    labels = np.nansum(inputs * [1, -2, 1, 0.5], axis=1)
    labels = labels if objective == "regression" else np.digitize(labels, [0, 1])[: len(labels)] % max(2, units)
    data = lightgbm.Dataset(inputs, labels)
    given = {"objective": objective, "num_class": units, "num_leaves": 16, "min_data_in_leaf": 1, "verbosity": -1}
    return lightgbm.train({**given, "num_threads": 1, **options}, data, num_boost_round=rounds)


def function_of(model, units):
    trees = parsed(model.model_to_string())
    nodes = {name: tf.constant(getattr(trees, name)) for name in Ensemble.__dataclass_fields__}

    @tf.function(input_signature=[tf.TensorSpec([None, WIDTH], tf.float32)])
    def logits(inputs):
        return scores(nodes, inputs, trees.depth, units)

    return logits


@pytest.mark.parametrize(("objective", "units"), OBJECTIVES)
def test_the_logits_are_those_of_lightgbm(objective, units):
    model, inputs = grown(objective, units), records(seed=1)
    inputs[:5, 3] = np.nan  # missing here, and never while the trees grew
    inputs[5:9] = 0.0
    found = function_of(model, units)(inputs).numpy()
    assert found.shape == (600, units)
    np.testing.assert_allclose(found, model.predict(inputs, raw_score=True).reshape(600, units), atol=1e-5)


def test_inputs_at_thresholds_go_where_lightgbm_sends_them():
    model = grown("regression", 1, rounds=40)
    edges = np.unique(parsed(model.model_to_string()).threshold)
    edges = np.concatenate([edges, np.nextafter(edges, np.float32(9)), np.nextafter(edges, np.float32(-9))])
    inputs = np.repeat(edges[:, None], WIDTH, axis=1)
    found = function_of(model, 1)(inputs).numpy()[:, 0]
    np.testing.assert_allclose(found, model.predict(inputs, raw_score=True), atol=1e-5)


@pytest.mark.parametrize(("objective", "units"), OBJECTIVES)
def test_litert_computes_them_by_its_own_operations(objective, units):
    model, inputs = grown(objective, units), records(rows=50, seed=2)
    logits = function_of(model, units)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([logits.get_concrete_function()], logits)
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=converter.convert())
    (given,), (wanted,) = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.resize_tensor_input(given["index"], inputs.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(given["index"], inputs)
    interpreter.invoke()
    found = interpreter.get_tensor(wanted["index"])
    np.testing.assert_allclose(found, model.predict(inputs, raw_score=True).reshape(50, units), atol=1e-5)
    assert not [one for one in interpreter._get_ops_details() if one["op_name"].startswith(("Flex", "CUSTOM"))]


def test_a_leaf_is_its_own_child_and_the_end():
    trees = parsed(grown("cross_entropy", 1).model_to_string())
    leaf = trees.left == np.arange(len(trees.left))
    assert leaf.sum() == (~leaf).sum() + len(trees.roots)
    assert (trees.value[~leaf] == 0).all()
    np.testing.assert_array_equal(leaf, trees.threshold == np.finfo(np.float32).max)


def test_infinity_is_more_than_any_number():
    model, inputs = grown("regression", 1), np.full((2, WIDTH), np.inf, np.float32)
    inputs[1] = -np.inf
    found = function_of(model, 1)(inputs).numpy()[:, 0]
    np.testing.assert_allclose(found, model.predict(inputs, raw_score=True), atol=1e-5)


def test_trees_without_a_split_are_leaves():
    data = lightgbm.Dataset(np.zeros((10, 2)), np.full(10, 3.0))
    model = lightgbm.train({"objective": "regression", "verbosity": -1, "num_threads": 1}, data, num_boost_round=2)
    trees = parsed(model.model_to_string())
    assert (trees.depth, list(trees.value)) == (0, [3.0] * len(trees.roots))


def test_no_trees_say_nothing():
    trees = empty(3)
    nodes = {name: tf.constant(getattr(trees, name)) for name in Ensemble.__dataclass_fields__}
    assert scores(nodes, tf.ones([2, 1]), trees.depth, 3).numpy().tolist() == [[0.0] * 3] * 2


def test_thresholds_are_never_rounded_up():
    text = "tree\nmax_feature_idx=0\n\nTree=0\nnum_leaves=2\nsplit_feature=0\nthreshold=0.1\ndecision_type=10\n"
    text += "left_child=-1\nright_child=-2\nleaf_value=1 2\n\nend of trees\n"
    assert float(np.float32(0.1)) > 0.1 > float(parsed(text).threshold[0])
    for given in ("1.7e308", "inf"):  # only what is missing goes right
        assert np.finfo(np.float32).max == parsed(text.replace("=0.1", f"={given}")).threshold[0]
