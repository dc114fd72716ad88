"""The functional API of tf.layers, one line a layer, on Keras 3: functional models, eager steps and tf.function alike."""

from keras.layers import (
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    BatchNormalization,
    Conv1D,
    Conv2D,
    Conv2DTranspose,
    Conv3D,
    Conv3DTranspose,
    Dense,
    Dropout,
    Flatten,
    InputSpec,
    Layer,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
    SeparableConv1D,
    SeparableConv2D,
)

from gristmill.layers.convolution import conv1d, conv2d, conv3d
from gristmill.layers.core import dense, dropout, flatten
from gristmill.layers.normalization import batch_normalization
from gristmill.layers.place import AUTO_REUSE
from gristmill.layers.pooling import (
    average_pooling1d,
    average_pooling2d,
    average_pooling3d,
    max_pooling1d,
    max_pooling2d,
    max_pooling3d,
)
from gristmill.layers.scoping import scope
from gristmill.layers.separable import separable_conv1d, separable_conv2d
from gristmill.layers.store import Store, current_store, reset
from gristmill.layers.template import Template, make_template
from gristmill.layers.transposed import conv2d_transpose, conv3d_transpose

__all__ = [
    "AUTO_REUSE",
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "BatchNormalization",
    "Conv1D",
    "Conv2D",
    "Conv2DTranspose",
    "Conv3D",
    "Conv3DTranspose",
    "Dense",
    "Dropout",
    "Flatten",
    "InputSpec",
    "Layer",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "SeparableConv1D",
    "SeparableConv2D",
    "Store",
    "Template",
    "average_pooling1d",
    "average_pooling2d",
    "average_pooling3d",
    "batch_normalization",
    "conv1d",
    "conv2d",
    "conv2d_transpose",
    "conv3d",
    "conv3d_transpose",
    "current_store",
    "dense",
    "dropout",
    "flatten",
    "make_template",
    "max_pooling1d",
    "max_pooling2d",
    "max_pooling3d",
    "reset",
    "scope",
    "separable_conv1d",
    "separable_conv2d",
]
