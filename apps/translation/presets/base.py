"""A translator for a machine with a GPU, where quality counts and size does not.

`gristmill train translation --preset base --precision mixed_bfloat16`. Cost and score are still to be measured.
"""

__all__ = ["BASE"]

BASE: dict[str, object] = {
    "network.width": 512,
    "network.heads": 8,
    "network.encoder_layers": 8,
    "network.decoder_layers": 2,
    "network.feed_forward": 2048,
    "training.epochs": 30,
    "training.batch_pieces": 16384,
    "training.learning_rate": 1e-3,
    "training.warm_up": 2000,
    "training.dropout": 0.3,
    "training.jit_compile": True,
    "training.average": 0.999,
}
