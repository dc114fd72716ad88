"""Where sentence pairs come from: the user's files, and the catalogues of messages inside public wheels."""

from apps.translation.sources.wheels import CATALOGUES, PAIRS

__all__ = ["CATALOGUES", "PAIRS"]
