"""The arguments of tf.layers: names, order and defaults of the last release of TensorFlow 1."""

import inspect

import pytest

from gristmill import layers

WEIGHTS = (
    "activation=None use_bias=True kernel_initializer=None bias_initializer='zeros' kernel_regularizer=None "
    "bias_regularizer=None activity_regularizer=None kernel_constraint=None bias_constraint=None trainable=True "
    "name=None reuse=None"
)
SEPARABLE = (
    "depth_multiplier=1 activation=None use_bias=True depthwise_initializer=None pointwise_initializer=None "
    "bias_initializer='zeros' depthwise_regularizer=None pointwise_regularizer=None bias_regularizer=None "
    "activity_regularizer=None depthwise_constraint=None pointwise_constraint=None bias_constraint=None trainable=True "
    "name=None reuse=None"
)
POOL = "inputs pool_size strides padding='valid' data_format='channels_last' name=None"


def window(strides: str, rest: str, dilated: bool = True) -> str:
    dilation = f"dilation_rate={strides} " if dilated else ""
    head = f"inputs filters kernel_size strides={strides} padding='valid' data_format='channels_last'"
    return f"{head} {dilation}{rest}"


EXPECTED = {
    "dense": f"inputs units {WEIGHTS}",
    "dropout": "inputs rate=0.5 noise_shape=None seed=None training=False name=None",
    "flatten": "inputs name=None data_format='channels_last'",
    "conv1d": window("1", WEIGHTS),
    "conv2d": window("(1,1)", WEIGHTS),
    "conv3d": window("(1,1,1)", WEIGHTS),
    "separable_conv1d": window("1", SEPARABLE),
    "separable_conv2d": window("(1,1)", SEPARABLE),
    "conv2d_transpose": window("(1,1)", WEIGHTS, dilated=False),
    "conv3d_transpose": window("(1,1,1)", WEIGHTS, dilated=False),
    **{f"{kind}_pooling{axes}d": POOL for kind in ("average", "max") for axes in (1, 2, 3)},
    "batch_normalization": (
        "inputs axis=-1 momentum=0.99 epsilon=0.001 center=True scale=True beta_initializer='zeros' "
        "gamma_initializer='ones' moving_mean_initializer='zeros' moving_variance_initializer='ones' "
        "beta_regularizer=None gamma_regularizer=None beta_constraint=None gamma_constraint=None training=False "
        "trainable=True name=None reuse=None renorm=False renorm_clipping=None renorm_momentum=0.99 fused=None "
        "virtual_batch_size=None adjustment=None"
    ),
}


@pytest.mark.parametrize("function", EXPECTED)
def test_a_signature_is_that_of_tf_layers(function: str) -> None:
    parameters = inspect.signature(getattr(layers, function)).parameters.values()
    shown = [
        item.name if item.default is item.empty else f"{item.name}={item.default!r}".replace(" ", "")
        for item in parameters
    ]
    assert " ".join(shown) == EXPECTED[function]
