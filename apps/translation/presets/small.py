"""`gristmill train translation --preset small`: two hours on 2 cores, a lite file below 12 MB."""

__all__ = ["SMALL"]

SMALL: dict[str, object] = {
    "network.width": 256,
    "network.encoder_layers": 4,
    "network.decoder_layers": 1,
    "network.feed_forward": 1024,
    "training.epochs": 14,
    "training.learning_rate": 2e-3,
    "training.warm_up": 400,
    "training.dropout": 0.1,
}
