"""What the layers compute, on inputs whose outcome is known by thought or by the same sum done plainly."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from gristmill import layers

IMAGE = np.arange(16, dtype="float32").reshape(1, 4, 4, 1)


def test_dense_is_the_matrix_product() -> None:
    inputs = np.array([[1.0, 2.0], [3.0, -4.0]], "float32")
    with layers.Store() as store:
        outputs = layers.dense(inputs, 3, activation=tf.nn.relu, bias_initializer="ones", name="d")
    kernel = store.layer("d").kernel.numpy()
    np.testing.assert_allclose(outputs, np.maximum(inputs @ kernel + 1, 0), rtol=1e-5)


def test_dense_starts_with_glorots_uniform_kernel_and_no_bias() -> None:
    with layers.Store() as store:
        layers.dense(np.ones((1, 300), "float32"), 300)
    kernel, bias = (variable.numpy() for variable in store.variables)
    limit = np.sqrt(6 / 600)
    assert 0.95 * limit < np.abs(kernel).max() <= limit
    assert not bias.any()


def test_a_convolution_with_ones_sums_each_window() -> None:
    outputs = layers.conv2d(IMAGE, 1, 2, strides=2, kernel_initializer="ones")
    assert outputs.numpy().ravel().tolist() == [0 + 1 + 4 + 5, 2 + 3 + 6 + 7, 8 + 9 + 12 + 13, 10 + 11 + 14 + 15]


def test_a_convolution_is_that_of_keras() -> None:
    with layers.Store() as store:
        outputs = layers.conv2d(IMAGE, 3, 3, padding="same", dilation_rate=2, activation="tanh")
    plain = keras.layers.Conv2D(3, 3, padding="same", dilation_rate=2, activation="tanh")
    plain.build(IMAGE.shape)
    plain.set_weights([variable.numpy() for variable in store.variables])
    np.testing.assert_allclose(outputs, plain(IMAGE), rtol=1e-6)


def test_a_transposed_convolution_with_ones_repeats_each_value() -> None:
    outputs = layers.conv2d_transpose(IMAGE, 1, 2, strides=2, kernel_initializer="ones").numpy()
    np.testing.assert_array_equal(outputs, IMAGE.repeat(2, axis=1).repeat(2, axis=2))


def test_pooling_takes_the_greatest_and_the_mean() -> None:
    assert layers.max_pooling2d(IMAGE, 2, 2).numpy().ravel().tolist() == [5, 7, 13, 15]
    assert layers.average_pooling2d(IMAGE, 2, 2).numpy().ravel().tolist() == [2.5, 4.5, 10.5, 12.5]


def test_channels_first_pools_over_the_last_axes() -> None:
    turned = np.moveaxis(IMAGE, -1, 1)
    assert layers.max_pooling2d(turned, 2, 2, data_format="channels_first").shape == (1, 1, 2, 2)


def test_flatten_keeps_the_order() -> None:
    assert layers.flatten(IMAGE).numpy().tolist() == [list(range(16))]


def test_dropout_keeps_the_mean_in_training_and_everything_else_otherwise() -> None:
    ones = np.ones((100, 100), "float32")
    np.testing.assert_array_equal(layers.dropout(ones, 0.25), ones)
    dropped = layers.dropout(ones, 0.25, seed=1, training=True).numpy()
    np.testing.assert_allclose(np.unique(dropped), [0, 4 / 3], rtol=1e-6)
    assert dropped.mean() == pytest.approx(1, abs=0.02)


def test_dropouts_noise_shape_drops_whole_rows() -> None:
    dropped = layers.dropout(np.ones((50, 4), "float32"), noise_shape=[50, 1], seed=1, training=True).numpy()
    assert {len(set(row)) for row in dropped.tolist()} == {1}


def test_batch_normalization_goes_by_the_batch_in_training_and_moves_its_statistics() -> None:
    inputs = np.array([[1.0, 10.0], [3.0, 30.0]], "float32")
    with layers.Store() as store:
        outputs = layers.batch_normalization(inputs, momentum=0.9, epsilon=0.0, training=True, name="bn")
    np.testing.assert_allclose(outputs, [[-1, -1], [1, 1]], rtol=1e-5)
    np.testing.assert_allclose(store.layer("bn").moving_mean, [0.1 * 2, 0.1 * 20], rtol=1e-5)
    np.testing.assert_allclose(store.layer("bn").moving_variance, [0.9 + 0.1 * 1, 0.9 + 0.1 * 100], rtol=1e-5)


def test_batch_normalization_goes_by_its_statistics_otherwise() -> None:
    inputs = np.array([[1.0, 10.0]], "float32")
    with layers.Store() as store:
        outputs = layers.batch_normalization(inputs, epsilon=0.0, moving_mean_initializer="ones", axis=[1])
    np.testing.assert_allclose(outputs, [[0, 9]], rtol=1e-5)
    assert [len(store.trainable_variables), len(store.non_trainable_variables)] == [2, 2]


def test_batch_renormalization_is_that_of_keras() -> None:
    inputs = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
    options = {"renorm": True, "renorm_clipping": {"rmax": 3.0, "dmax": 5.0}, "renorm_momentum": 0.9}
    plain = keras.layers.BatchNormalization(**options)
    np.testing.assert_allclose(
        layers.batch_normalization(inputs, training=True, **options), plain(inputs, training=True), rtol=1e-6
    )


def test_regularizers_say_their_loss() -> None:
    with layers.Store() as store:
        layers.dense(
            np.ones((1, 2), "float32"), 2, kernel_initializer="ones", kernel_regularizer=keras.regularizers.L2(0.5)
        )
    assert [float(loss) for loss in store.losses] == [2.0]


def test_a_frozen_layer_has_nothing_to_train() -> None:
    with layers.Store() as store:
        layers.dense(np.ones((1, 2), "float32"), 2, trainable=False)
    assert [len(store.variables), len(store.trainable_variables)] == [2, 0]
