"""Compiled half of the decoder: where each feature's values stand in the records, then the values themselves.

Nothing is read beyond a record's end, whatever its bytes are; see `packing` for the form of an entry.
"""

# mypy: disable-error-code="no-untyped-def"

import numpy as np

from gristmill.data.codec.compiled import compiled
from gristmill.data.codec.machine import copy, load8

__all__ = ["locate", "take_floats", "take_ints", "take_strings"]


@compiled
def _varint(data, at, stop):
    """The number at `at` and the place behind it, which is `stop + 1` where it does not end before `stop`."""
    if at < stop and data[at] < 0x80:
        return np.int64(data[at]), at + 1
    value, shift = np.int64(0), 0
    while at < stop and shift < 64:
        byte = np.int64(data[at])
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
    return np.int64(0), stop + 1


@compiled
def _field(data, at, stop, tag):
    """Start and stop of the content of the field at `at`; a start of -1 where there is no such field."""
    if at >= stop or data[at] != tag:
        return -1, stop
    size, at = _varint(data, at + 1, stop)
    if size < 0 or size > stop - at:
        return -1, stop
    return at, at + size


@compiled
def _equal(data, at, size, names, start, stop):
    same = size == stop - start
    k = 0
    while same and k + 8 <= size:
        same = load8(data, at + k) == load8(names, start + k)
        k += 8
    while same and k < size:
        same = data[at + k] == names[start + k]
        k += 1
    return same


@compiled
def _locate_entry(data, at, end, names, bounds, tags, guess):
    """The wanted feature that an entry holds, and start and stop of its list.

    The feature is -1 where it is not wanted or empty, and -2 where the bytes are no entry, or its values of another kind.
    """
    key, key_end = _field(data, at, end, 0x0A)
    feature, feature_end = _field(data, key_end, end, 0x12)
    if key < 0 or feature < 0 or feature_end != end:
        return -2, 0, 0
    wanted = guess - 1
    for _ in range(len(tags)):
        wanted = wanted + 1 if wanted + 1 < len(tags) else 0
        if _equal(data, key, key_end - key, names, bounds[wanted], bounds[wanted + 1]):
            if feature == feature_end:
                return -1, 0, 0
            start, stop = _field(data, feature, feature_end, tags[wanted])
            return (wanted if start >= 0 and stop == feature_end else -2), start, stop
    return -1, 0, 0


@compiled
def locate(data, starts, stops, names, bounds, tags, found_starts, found_stops):
    """Fills where the list of each wanted feature stands in each record; a start of -1 where it is absent.

    Returns:
        The first record that is no Example or holds values of another kind, -1 where there is none.
    """
    for row in range(len(starts)):
        found_starts[:, row] = -1
        found_stops[:, row] = -1
        end = stops[row]
        if starts[row] == end:
            continue
        at, features_end = _field(data, starts[row], end, 0x0A)
        if at < 0 or features_end != end:
            return row
        guess = 0
        while at < end:
            entry, entry_end = _field(data, at, end, 0x0A)
            if entry < 0:
                return row
            wanted, start, stop = _locate_entry(data, entry, entry_end, names, bounds, tags, guess)
            if wanted == -2:
                return row
            if wanted >= 0:
                found_starts[wanted, row], found_stops[wanted, row] = start, stop
                guess = wanted + 1
            at = entry_end
    return -1


@compiled
def take_strings(data, starts, stops, counts, out, offsets):
    """Copies the texts of all lists; gives the number of texts and the first record that is harmed, or -1.

    `out` and `offsets` have room for as many bytes, and bounds of texts, as the lists can hold.
    """
    total, end = 0, 0
    offsets[0] = 0
    for row in range(len(starts)):
        at, stop = starts[row], stops[row]
        before = total
        while at < stop:
            start, at = _field(data, at, stop, 0x0A)
            if start < 0:
                return total, row
            copy(out, end, data, start, at - start)
            end += at - start
            total += 1
            offsets[total] = end
        counts[row] = total - before
    return total, -1


@compiled
def take_ints(data, starts, stops, counts, out):
    """Decodes the numbers of all lists; `out` has room for as many as the lists have bytes. See `take_strings`."""
    total = 0
    for row in range(len(starts)):
        before = total
        if starts[row] < stops[row]:
            at, stop = _field(data, starts[row], stops[row], 0x0A)
            if at < 0 or stop != stops[row]:
                return total, row
            while at < stop:
                out[total], at = _varint(data, at, stop)
                total += 1
            if at != stop:
                return total, row
        counts[row] = total - before
    return total, -1


@compiled
def take_floats(data, starts, stops, counts, out):
    """Copies the bytes of all lists' numbers; `out` has room for as many as the lists have. See `take_strings`."""
    total = 0
    for row in range(len(starts)):
        counts[row] = 0
        if starts[row] < stops[row]:
            at, stop = _field(data, starts[row], stops[row], 0x0A)
            if at < 0 or stop != stops[row] or (stop - at) % 4:
                return total, row
            counts[row] = (stop - at) // 4
            copy(out, 4 * total, data, at, stop - at)
            total += counts[row]
    return total, -1
