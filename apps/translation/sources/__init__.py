"""Where sentence pairs come from: the user's files, and the catalogues of messages inside public wheels."""

from apps.translation.sources.columns import PairFile, find_columns

__all__ = ["PairFile", "find_columns"]
