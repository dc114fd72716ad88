"""The training step of a head: optimizers, sparse gradients, and the arguments that choose it."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework.auto_control_deps import AutomaticControlDependencies

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.heads import RegressionHead, train_op
from gristmill.estimator.mode import ModeKeys

ROWS = [[0, 2], [2, 2], [3, 0]]
LABELS = [0.0, 1.0, 2.0]
ADAM, ADAGRAD, FTRL, SGD = (getattr(keras.optimizers, name) for name in ("Adam", "Adagrad", "Ftrl", "SGD"))
V1 = tf.compat.v1.train


def _once(next_creator, **options):
    with tf.init_scope():
        return next_creator(**options)


class _Table:
    """A model whose logit is the sum of the rows of a table that an example names, and a bias."""

    def __init__(self, kind=keras.Variable):
        self.table = kind(np.full((6, 2), 0.5, np.float32), name="table")
        self.bias = kind(np.zeros(1, np.float32), name="bias")
        self.unused = kind(np.zeros(1, np.float32), name="unused")
        self.variables = [self.table, self.bias, self.unused]
        self.global_step = tf.Variable(0, dtype=tf.int64)

    def logits(self):
        table, bias = (v.value if isinstance(v, keras.Variable) else v for v in (self.table, self.bias))
        return tf.reduce_sum(tf.gather(table, ROWS), [1, 2])[:, tf.newaxis] + bias

    def steps(self, number, make):
        """Runs so many steps of the operation that `make` gives for this model; gives the table's first column."""

        def body():
            graph = tf.compat.v1.get_default_graph()
            graph.add_to_collection(tf.compat.v1.GraphKeys.GLOBAL_STEP, self.global_step)
            for variable in self.variables:
                graph.add_to_collection(tf.compat.v1.GraphKeys.TRAINABLE_VARIABLES, variable)
            with AutomaticControlDependencies() as ordered, tf.variable_creator_scope(_once):
                self.made = make(self)
                return ordered.mark_as_return(tf.constant(0))

        step = tf.compat.v1.wrap_function(body, [])
        for _ in range(number):
            step()
        return self.table.numpy()[:, 0]


def _spec(model, **arguments):
    given = {"trainable_variables": model.variables, **arguments}
    return RegressionHead().create_estimator_spec({}, ModeKeys.TRAIN, model.logits(), LABELS, **given)


# Optimizer, column of the table, bias, after three steps as tf.estimator 2.15.1 and its Keras optimizers gave.
RECORDED = {
    "adagrad": (lambda: ADAGRAD(0.1), [0.3161449, 0.5, 0.3133735, 0.6045597, 0.5, 0.5], -0.1794348),
    "ftrl": (
        lambda: FTRL(0.1, l1_regularization_strength=0.01, l2_regularization_strength=0.02),
        [0.3121404, 0.5, 0.2729338, 0.1570924, 0.5, 0.5],
        -0.09240519,
    ),
    "ftrl_shrinkage": (
        lambda: FTRL(0.1, l2_shrinkage_regularization_strength=0.1),
        [0.3062884, 0.5, 0.2673, 0.1271995, 0.5, 0.5],
        -0.08463438,
    ),
    "adam": (lambda: ADAM(0.1), [0.2169408, 0.5, 0.217108, 0.6596223, 0.5, 0.5], -0.2783354),
    "sgd": (lambda: SGD(0.1, momentum=0.9), [0.1354074, 0.5, -0.07185183, 0.62, 0.5, 0.5], -0.4082222),
}


@pytest.mark.parametrize("kind", [keras.Variable, tf.Variable])
@pytest.mark.parametrize("name", RECORDED)
def test_steps_of_keras_optimizers(name, kind):
    make, column, bias = RECORDED[name]
    optimizer, model = make(), _Table(kind)
    assert model.steps(3, lambda model: _spec(model, optimizer=optimizer)) == pytest.approx(column, abs=1e-5)
    assert float(model.bias.numpy()[0]) == pytest.approx(bias, abs=1e-5)
    assert model.unused.numpy() == [0]
    assert int(optimizer.iterations.numpy()) == 3 and int(model.global_step) == 0


def test_gradients_of_tables_come_to_an_optimizer_sparse_and_each_row_once():
    class Watching(keras.optimizers.SGD):
        def update_step(self, gradient, variable, learning_rate):
            seen[variable.name] = gradient
            super().update_step(gradient, variable, learning_rate)

    seen = {}
    optimizer = Watching(0.1)
    _Table().steps(1, lambda model: _spec(model, optimizer=optimizer))
    table, bias = seen.values()
    assert isinstance(table, tf.IndexedSlices) and isinstance(bias, tf.Tensor)
    assert table.indices.op.type == "Unique"


def test_an_optimizer_is_as_it_was_after_the_trace():
    optimizer = ADAGRAD(0.1)
    _Table().steps(1, lambda model: _spec(model, optimizer=optimizer))
    assert "update_step" not in vars(optimizer)


def test_an_optimizer_built_for_other_variables_begins_anew():
    optimizer = ADAGRAD(0.1)
    first, second = (_Table().steps(3, lambda model: _spec(model, optimizer=optimizer)) for _ in range(2))
    assert first.tolist() == second.tolist() == pytest.approx(RECORDED["adagrad"][1], abs=1e-6)


def test_a_loss_is_scaled_and_scaled_back():
    scaling, plain = keras.optimizers.LossScaleOptimizer(SGD(0.1)), SGD(0.1)
    first, second = (_Table().steps(3, lambda model, one=one: _spec(model, optimizer=one)) for one in (scaling, plain))
    assert first == pytest.approx(second)


@pytest.mark.parametrize("variables", ["given", "those of the graph"])
def test_an_optimizer_of_v1_counts_the_global_step(variables):
    optimizer, model = V1.GradientDescentOptimizer(0.1), _Table(tf.Variable)
    chosen = model.variables if variables == "given" else None
    got = model.steps(2, lambda model: _spec(model, optimizer=optimizer, trainable_variables=chosen))
    assert int(model.global_step) == 2
    same = SGD(0.1)
    assert got == pytest.approx(_Table().steps(2, lambda model: _spec(model, optimizer=same)))


def test_slots_of_an_optimizer_of_v1():
    model = _Table(tf.Variable)
    got = model.steps(3, lambda model: _spec(model, optimizer=V1.AdagradOptimizer(0.1)))
    assert got == pytest.approx(RECORDED["adagrad"][1], abs=1e-5)


def test_groups_take_all_gradients_first_and_count_one_step():
    model = _Table(tf.Variable)

    def make(model):
        loss = tf.reduce_sum(model.logits() ** 2)
        groups = [
            (V1.GradientDescentOptimizer(0.01), [model.table]),
            (V1.GradientDescentOptimizer(0.01), [model.bias]),
            (V1.GradientDescentOptimizer(0.01), []),
        ]
        return train_op(loss, groups)

    model.steps(1, make)
    assert model.bias.numpy() == pytest.approx([-0.01 * 2 * 3 * 2])  # three logits of 2 each, from before the step
    assert int(model.global_step) == 1


def test_groups_of_keras_and_v1_optimizers():
    keras_optimizer = SGD(0.01)

    def make(model):
        loss = tf.reduce_sum(model.logits())
        return train_op(loss, [(keras_optimizer, [model.bias]), (V1.GradientDescentOptimizer(0.01), [model.table])])

    model = _Table(tf.Variable)
    assert model.steps(1, make) == pytest.approx([0.48, 0.5, 0.47, 0.49, 0.5, 0.5])
    assert model.bias.numpy() == pytest.approx([-0.03]) and int(model.global_step) == 1


def test_update_ops_run_with_the_step():
    model, counted = _Table(), tf.Variable(0)
    optimizer = SGD(0.1)
    model.steps(2, lambda model: _spec(model, optimizer=optimizer, update_ops=[counted.assign_add(1)]))
    assert int(counted) == 2


def test_a_function_of_the_loss_makes_the_step():
    model, seen = _Table(), tf.Variable(0.0)
    spec = {}

    def make(model):
        spec["made"] = _spec(model, train_op_fn=seen.assign, trainable_variables=None, update_ops=(tf.no_op(),))
        return spec["made"]

    model.steps(1, make)
    assert float(seen) == pytest.approx((4 + 1 + 0) / 3)
    assert isinstance(spec["made"].train_op, tf.Operation) and sorted(spec["made"].predictions) == ["predictions"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, "exactly one of `optimizer` and `train_op_fn`"),
        ({"optimizer": SGD(0.1), "train_op_fn": tf.identity}, "Received: both"),
        ({"optimizer": "SGD"}, "Received: str"),
        ({"optimizer": SGD(0.1), "trainable_variables": None}, "`trainable_variables` must be a list"),
        ({"optimizer": SGD(0.1), "trainable_variables": {1}}, "Received: set"),
        ({"optimizer": SGD(0.1), "trainable_variables": []}, r"of at least one. Received: \[\]"),
        ({"optimizer": SGD(0.1), "update_ops": {1}}, "`update_ops` must be a list or a tuple. Received: set"),
    ],
)
def test_arguments_that_make_no_step(arguments, text):
    with pytest.raises(ValueError, match=text):
        _Table().steps(0, lambda model: _spec(model, **arguments))


@pytest.mark.parametrize("optimizer", [SGD(0.1), V1.GradientDescentOptimizer(0.1)])
def test_a_loss_that_depends_on_no_variable(optimizer):
    with pytest.raises(ArgumentError, match=r"must depend on a variable of each optimizer. Received: unused"):
        _Table(tf.Variable).steps(
            0, lambda model: _spec(model, optimizer=optimizer, trainable_variables=[model.unused])
        )
