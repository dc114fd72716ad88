"""The text of a user's file with a Keras model of ratings, to which a test adds what it builds of it."""

__all__ = ["RATED"]

RATED = """
import keras

class Twice(keras.layers.Layer):
    def call(self, values):
        return 2 * values

def rated(dataset, last=keras.layers.Identity):
    user, item = (keras.Input((), name=name, dtype="string") for name in ("user", "item"))
    parts = []
    for name, tensor in (("user", user), ("item", item)):
        terms = dataset.vocabulary(name)
        index = keras.layers.StringLookup(vocabulary=terms)(tensor)
        parts.append(keras.layers.Embedding(len(terms) + 1, 4)(index))
    outputs = last()(keras.layers.Dense(1)(keras.layers.Dot(1)(parts)))
    model = keras.Model([user, item], outputs)
    model.compile(keras.optimizers.Adam(0.05), "mse", metrics=["mae"])
    return model
"""
