"""A translator for a phone: 5.2 million weights with 4,000 pieces, 6.3 million with 8,000, a lite file below 12 MB.

`gristmill train translation --preset small`, on a CPU with 16-bit units with `--precision mixed_bfloat16`. Cost on 115,000
everyday pairs: about 400 CPU-seconds an epoch in 16 bits. The score to expect is still to be measured.
"""

__all__ = ["SMALL"]

SMALL: dict[str, object] = {
    "network.width": 256,
    "network.encoder_layers": 4,
    "network.decoder_layers": 1,
    "network.feed_forward": 1024,
    "training.epochs": 7,
    "training.learning_rate": 1.5e-3,
    "training.warm_up": 400,
    "training.dropout": 0.1,
}
