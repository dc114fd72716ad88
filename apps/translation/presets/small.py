"""A translator for a phone: 5.2 million weights with a vocabulary of 4,000 pieces.

Command, on 114,880 everyday pairs from Tatoeba (`train.tsv.gz`, sha256
a54c58b9a97e03faa071a74e6414c3af4b1af166cb92aafa62cf724869c0b049): `gristmill ingest translation --pairs train.tsv.gz --pieces
4000 --held-out 0.01 --out DATASET`, then `gristmill train translation --dataset DATASET --preset small --seed 0 --precision
mixed_bfloat16`. Cost: 6,637 CPU-seconds in all, 111 minutes on one core that computes in bfloat16 (avx512_bf16), less on two.
Score with beam search on 1,000 held-out sentences: 48.2 BLEU, 49.2 in small letters, chrF 66.4.

For less: `--set training.epochs=8 --set training.dropout=0.1 --set training.warm_up=400` took 2,854 CPU-seconds, 26 minutes on
two such cores, and reached 44.4 in small letters. Cores with AVX2 alone, which compute in float32, need four times as long: the
same with 7 epochs took 7,098 CPU-seconds there and reached 43.4.
"""

__all__ = ["SMALL"]

SMALL: dict[str, object] = {
    "network.width": 256,
    "network.encoder_layers": 4,
    "network.decoder_layers": 1,
    "network.feed_forward": 1024,
    "training.epochs": 22,
    "training.learning_rate": 1.5e-3,
    "training.warm_up": 800,
    "training.dropout": 0.15,
}
