"""A tiny network whose weights are random and large enough to matter."""

import keras
import numpy as np
import pytest

from apps.translation.config import NetworkConfig
from apps.translation.model import Transformer, new_transformer

VOCABULARY = 11


@pytest.fixture(scope="session")
def network() -> Transformer:
    keras.utils.set_random_seed(3)
    shape = NetworkConfig(width=8, heads=2, encoder_layers=2, decoder_layers=2, feed_forward=16, distances=3)
    model = new_transformer(VOCABULARY, shape, dropout=0.3)
    random = np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(variable.numpy() + random.normal(scale=0.4, size=variable.shape))
    return model
