"""Compiled half of the encoder: sizes first, then bytes, a feature of a block of Examples at a time.

Wire format: https://protobuf.dev/programming-guides/encoding/ and tensorflow/core/example/{example,feature}.proto.

Example i of a block holds `values[bounds[i]:bounds[i + 1]]`. `content` is the size of these as they are written (without
the length before packed numbers), -1 where the feature is left out. A feature's entry, with sizes as varints:

    0A size ( 0A size name  12 size ( tag size ( content )))            texts, each of which is 0A size bytes
    0A size ( 0A size name  12 size ( tag size ( 0A size content )))    numbers, and none at all after `tag 0` if empty

`key` is such an entry without its content, every size but the name's still 0: see `encoder._key`.
"""

# mypy: disable-error-code="no-untyped-def"

import numpy as np

from gristmill.data.codec.compiled import compiled
from gristmill.data.codec.machine import copy

__all__ = [
    "FLOATS",
    "INTS",
    "STRINGS",
    "measure_floats",
    "measure_ints",
    "measure_strings",
    "open_frames",
    "write_features",
    "write_floats",
    "write_ints",
    "write_strings",
]

STRINGS, FLOATS, INTS = 0x0A, 0x12, 0x1A
"""Tags of the kinds of a tf.train.Feature."""


@compiled
def _varint_size(value):
    size = 1
    rest = np.uint64(value) >> np.uint64(7)
    while rest:
        size += 1
        rest >>= np.uint64(7)
    return size


@compiled
def _put_varint(out, at, value):
    rest = np.uint64(value)
    while rest >= np.uint64(0x80):
        out[at] = np.uint8(rest) | 0x80
        rest >>= np.uint64(7)
        at += 1
    out[at] = np.uint8(rest)
    return at + 1


@compiled
def _sized(size):
    """Bytes of a field whose content takes `size`: tag, length, content."""
    return 1 + _varint_size(size) + size


@compiled
def _list_size(content, numbers):
    return _sized(content) if numbers and content else content


@compiled
def _entry_size(key, content, numbers):
    small = len(key) + content
    if small < 0x80 and (content or not numbers):
        return small
    name = len(key) - (8 if numbers else 6)
    return _sized(name + _sized(_sized(_list_size(content, numbers))))


@compiled
def _put_head(out, at, key, content, numbers):
    """Writes all that stands before the content; gives the place of the content."""
    tail = 6 if numbers else 4
    name = len(key) - 2 - tail
    small = len(key) + content
    if small < 0x80 and (content or not numbers):
        copy(out, at, key, 0, len(key))
        out[at + 1] = small - 2
        at += 2 + name
        out[at + 1] = content + tail - 2
        out[at + 3] = content + tail - 4
        if numbers:
            out[at + 5] = content
        return at + tail
    values = _list_size(content, numbers)
    feature = _sized(values)
    out[at] = 0x0A
    at = _put_varint(out, at + 1, name + _sized(feature))
    copy(out, at, key, 2, name)
    out[at + name] = 0x12
    at = _put_varint(out, at + name + 1, feature)
    out[at] = key[2 + name + 2]
    at = _put_varint(out, at + 1, values)
    if numbers and content:
        out[at] = 0x0A
        at = _put_varint(out, at + 1, content)
    return at


@compiled
def measure_strings(key, bounds, present, offsets, content, sizes):
    """Fills `content` and adds each entry's size to `sizes`; so do the other two."""
    for row in range(len(content)):
        content[row] = -1
        if present[row]:
            start, stop = bounds[row], bounds[row + 1]
            size = 2 * (stop - start) + offsets[stop] - offsets[start]
            for k in range(start, stop):
                if offsets[k + 1] - offsets[k] >= 0x80:
                    size += _varint_size(offsets[k + 1] - offsets[k]) - 1
            content[row] = size
            sizes[row] += _entry_size(key, size, False)


@compiled
def measure_ints(key, bounds, present, values, content, sizes):
    """See `measure_strings`."""
    for row in range(len(content)):
        content[row] = -1
        if present[row]:
            size = 0
            for k in range(bounds[row], bounds[row + 1]):
                size += _varint_size(values[k])
            content[row] = size
            sizes[row] += _entry_size(key, size, True)


@compiled
def measure_floats(key, bounds, present, content, sizes):
    """See `measure_strings`."""
    for row in range(len(content)):
        content[row] = -1
        if present[row]:
            content[row] = 4 * (bounds[row + 1] - bounds[row])
            sizes[row] += _entry_size(key, content[row], True)


@compiled
def open_frames(sizes, bounds, cursor):
    """From the sizes of the features: the bounds of the frames, and where the first entry of each goes."""
    bounds[0] = 0
    for row in range(len(sizes)):
        cursor[row] = bounds[row] + 12 + 1 + _varint_size(sizes[row])
        bounds[row + 1] = cursor[row] + sizes[row] + 4


@compiled
def write_features(out, bounds, sizes):
    """Writes what stands before the entries of each Example."""
    for row in range(len(sizes)):
        out[bounds[row] + 12] = 0x0A
        _put_varint(out, bounds[row] + 13, sizes[row])


@compiled
def write_strings(key, bounds, data, offsets, content, cursor, out):
    """Writes one entry an Example at `cursor` and moves it on; so do the other two."""
    for row in range(len(content)):
        if content[row] >= 0:
            at = _put_head(out, cursor[row], key, content[row], False)
            for k in range(bounds[row], bounds[row + 1]):
                size = offsets[k + 1] - offsets[k]
                out[at] = 0x0A
                at = _put_varint(out, at + 1, size)
                copy(out, at, data, offsets[k], size)
                at += size
            cursor[row] = at


@compiled
def write_ints(key, bounds, values, content, cursor, out):
    """See `write_strings`."""
    for row in range(len(content)):
        if content[row] >= 0:
            at = _put_head(out, cursor[row], key, content[row], True)
            for k in range(bounds[row], bounds[row + 1]):
                at = _put_varint(out, at, values[k])
            cursor[row] = at


@compiled
def write_floats(key, bounds, data, content, cursor, out):
    """See `write_strings`; floats come as their bytes."""
    for row in range(len(content)):
        if content[row] >= 0:
            at = _put_head(out, cursor[row], key, content[row], True)
            copy(out, at, data, 4 * bounds[row], content[row])
            cursor[row] = at + content[row]
