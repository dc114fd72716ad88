"""Piece ids that mean something to the network."""

__all__ = ["BEGIN", "END", "PAD"]

PAD, BEGIN, END = 0, 1, 2
