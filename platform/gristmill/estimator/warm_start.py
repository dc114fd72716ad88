"""First values out of another model's checkpoint: by name, under another name, or re-ordered by vocabularies."""

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from gristmill.estimator.errors import ArgumentError, KindError
from gristmill.estimator.restore import newest, read_names, read_value
from gristmill.training.values import raw

__all__ = ["VocabInfo", "WarmStartSettings", "warm_start"]

VocabInfo = tf.compat.v1.train.VocabInfo
"""How a variable's rows (or, with `axis=1`, columns) belong to the lines of an old and a new vocabulary file."""


class WarmStartSettings(NamedTuple):
    """What to take from a checkpoint.

    A variable whose vocabulary has changed takes the rows of the terms that the old one has too; those of other terms
    come from the `backup_initializer` of its `VocabInfo`, zeros where there is none.
    """

    ckpt_to_initialize_from: str
    """A checkpoint, or a folder, whose newest it is."""
    vars_to_warm_start: Any = ".*"
    """A regular expression that the start of a trained variable's name fits; a list of them, which takes variables that
    are not trained too; a list of variables; or None, for those in `var_name_to_vocab_info` only."""
    var_name_to_vocab_info: Mapping[str, Any] | None = None
    """`VocabInfo` by variable."""
    var_name_to_prev_var_name: Mapping[str, str] | None = None
    """The name in the checkpoint, by variable, where it is another."""

    @classmethod
    def of(cls, given: "str | WarmStartSettings | None") -> "WarmStartSettings | None":
        """Settings, or those that take all trained variables of a checkpoint.

        Raises:
            KindError: It is neither.
            ArgumentError: There is no checkpoint's name in it.
        """
        if given is None or isinstance(given, WarmStartSettings):
            made = given
        elif isinstance(given, str | bytes | os.PathLike):
            made = cls(os.fsdecode(given))
        else:
            raise KindError(f"warm_start_from must be a checkpoint or WarmStartSettings. Received: {given!r}")
        if made is not None and not made.ckpt_to_initialize_from:
            raise ArgumentError("ckpt_to_initialize_from must be a checkpoint or its folder. Received: none")
        return made


def warm_start(settings: WarmStartSettings, variables: Mapping[str, Any]) -> list[str]:
    """Puts in what the settings ask for; gives the names of the variables that were filled.

    Raises:
        ArgumentError: A name in the settings is no variable, the checkpoint lacks one, shapes differ, or vocabularies do not
            fit a shape.
    """
    prefix = _prefix(settings.ckpt_to_initialize_from)
    vocabularies = dict(settings.var_name_to_vocab_info or {})
    earlier = dict(settings.var_name_to_prev_var_name or {})
    chosen = [name for name in variables if name in vocabularies or _is_chosen(settings, name, variables[name])]
    for name in [*vocabularies, *earlier]:
        if name not in chosen:
            raise ArgumentError(f"a name in WarmStartSettings must be a variable that is started. Received: {name!r}")
    values = {name: _value(prefix, name, variables[name], earlier, vocabularies.get(name)) for name in chosen}
    for name, value in values.items():
        variables[name].assign(tf.cast(value, variables[name].dtype))
    return chosen


def _prefix(given: str) -> str:
    found = newest(given) if os.path.isdir(given) else given
    if found is None:
        raise ArgumentError(f"warm_start_from must hold a checkpoint. Received: {given}, without")
    return found


def _is_chosen(settings: WarmStartSettings, name: str, variable: Any) -> bool:
    wanted = settings.vars_to_warm_start
    if wanted is None:
        return False
    if isinstance(wanted, str):
        return bool(variable.trainable) and re.match(wanted, name) is not None
    if not isinstance(wanted, Sequence):
        raise ArgumentError(f"vars_to_warm_start must be text, a list, or None. Received: {wanted!r}")
    return any(re.match(one, name) if isinstance(one, str) else raw(one) is variable for one in wanted)


def _value(prefix: str, name: str, variable: Any, earlier: Mapping[str, str], vocabulary: Any) -> NDArray[Any]:
    there = earlier.get(name, name)
    names = read_names(prefix)
    if there not in names:
        raise ArgumentError(f"the checkpoint {prefix} must hold `{there}`. Received: {', '.join(names)}")
    old = np.asarray(read_value(prefix, there))
    if vocabulary is not None:
        return _remapped(name, old, tuple(variable.shape), vocabulary)
    if old.shape != tuple(variable.shape):
        raise ArgumentError(
            f"`{name}` must have the shape {tuple(variable.shape)}; a changed vocabulary needs a VocabInfo. "
            f"Received: {old.shape} in {prefix}"
        )
    return old


def _remapped(name: str, old: NDArray[Any], shape: tuple[int, ...], info: Any) -> NDArray[Any]:
    """The values in the order of the new vocabulary."""
    terms = _lines(info.new_vocab)[: info.new_vocab_size]
    if len(terms) + info.num_oov_buckets != shape[info.axis]:
        raise ArgumentError(
            f"`{name}` must have an entry for each term and each bucket of its new vocabulary. Received: {len(terms)} terms "
            f"in {info.new_vocab}, {info.num_oov_buckets} buckets, shape {shape}"
        )
    earlier = _lines(info.old_vocab)
    if info.old_vocab_size != -1:
        earlier = earlier[: info.old_vocab_size]
    place = {term: index for index, term in enumerate(earlier)}
    made = np.zeros(shape, old.dtype)
    if info.backup_initializer is not None:
        made = np.asarray(info.backup_initializer(shape, dtype=tf.as_dtype(old.dtype)), old.dtype).copy()
    known = [(new, place[term]) for new, term in enumerate(terms) if term in place]
    if known:
        new, before = (list(side) for side in zip(*known, strict=True))
        np.moveaxis(made, info.axis, 0)[new] = np.moveaxis(old, info.axis, 0)[before]
    return made


def _lines(path: str) -> list[str]:
    with tf.io.gfile.GFile(path, "rb") as file:
        return [line.decode() for line in file.read().splitlines()]
