"""Names and meaning of what stands in an Example: the one description that encoder, decoder and tf.data share.

Plain layout, one Example a record:
    scalar          NAME: one value; a missing one leaves the feature out
    list            NAME: the values, none for an empty list; a missing list leaves the feature out
    list of lists   NAME: all values, one list after the other; `__row_lengths__/NAME`: the length of each inner list

Packed layout, one Example for many records:
    `__rows__`                 how many records stand in it
    `__missing__/NAME`         places, from 0, of the records that lack the feature; left out where none does
    scalar          NAME: a value a record, "", 0 or 0.0 where it is missing
    list            NAME: all values; `__lengths__/NAME`: the length of each record's list, 0 where it is missing
    list of lists   NAME: all values; `__lengths__/NAME`: the number of each record's inner lists;
                    `__row_lengths__/NAME`: the length of each inner list
"""

__all__ = ["ROWS", "lengths", "missing", "row_lengths"]

ROWS = "__rows__"


def missing(name: str) -> str:
    """The feature that says which records of a pack lack the feature `name`."""
    return f"__missing__/{name}"


def lengths(name: str) -> str:
    """The feature that holds the lengths of a pack's lists."""
    return f"__lengths__/{name}"


def row_lengths(name: str) -> str:
    """The feature that holds the lengths of inner lists."""
    return f"__row_lengths__/{name}"
