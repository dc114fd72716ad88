"""The three things that a model function is asked for."""

__all__ = ["ModeKeys"]


class ModeKeys:
    """What a model function is called for."""

    TRAIN = "train"
    EVAL = "eval"
    PREDICT = "infer"
