"""Arrow tables to and from framed `tf.train.Example` bytes, by compiled code and without TensorFlow."""

from gristmill.data.codec.decoder import decode
from gristmill.data.codec.encoder import encode
from gristmill.data.codec.spec import parse_spec

__all__ = ["decode", "encode", "parse_spec"]
