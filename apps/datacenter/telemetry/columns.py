"""Columns: which one of a file holds the time, which the site, and what each of the others measures in which unit."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from apps.datacenter.options import IngestOptions
from apps.datacenter.telemetry.units import Conversion, conversion, known_unit, parse_units, unit_in_name
from gristmill.errors import InputError, unknown_name

__all__ = ["COOLING_POWER", "Column", "FileColumns", "IT_POWER", "PUE", "TOTAL_POWER", "find_columns"]

IT_POWER, TOTAL_POWER, COOLING_POWER, PUE = "it_power_kw", "total_power_kw", "cooling_power_kw", "pue"
_TIMES = ("time", "timestamp", "datetime", "date_time", "date", "ts")
_TAKEN = ("site", "time", "segment", "position", "key_records")
_STANDARD_TIME = "local standard time"
_SETTING = re.compile(r"set_?points?(_|$)|(^|_)sp(_|$)|^action_")
"""Names of what is asked for, as against what is measured."""


@dataclass(frozen=True)
class Column:
    """A column of numbers."""

    source: str
    """Its name in the file."""
    name: str
    """The feature's."""
    unit: Conversion | None
    """None where nothing says the unit."""

    @property
    def is_setting(self) -> bool:
        """Whether it holds a set-point or an action, which may stay the same for long."""
        return bool(_SETTING.search(self.name))


@dataclass(frozen=True)
class FileColumns:
    """The columns of one file."""

    time: str
    site: str | None
    numbers: tuple[Column, ...]
    """All others: whether they hold numbers shows when they are read."""
    standard_time: bool
    """Whether the file says that its times without an offset are those of winter all the year."""


def find_columns(path: str, names: Sequence[str], said: Mapping[str, str], options: IngestOptions) -> FileColumns:
    """Tells what the columns of a file hold.

    Args:
        path: The file.
        names: Its columns.
        said: Units that the file itself tells, by column.
        options: What the user says.

    Raises:
        InputError: There is no column for the time, or two columns would be one feature.
    """
    time = _time_column(path, names, options.time)
    wanted = options.site or "site"
    site = wanted if wanted in names else None
    powers = {
        name: feature
        for name, feature in (
            (options.it_power, IT_POWER),
            (options.total_power, TOTAL_POWER),
            (options.cooling_power, COOLING_POWER),
        )
        if name is not None
    }
    units = parse_units(options.units)
    numbers = []
    for name in names:
        if name not in (time, site):
            stem, in_name = unit_in_name(name)
            unit = units.get(name) or known_unit(said.get(name, "")) or in_name
            made = conversion(unit, in_name) if unit else None
            numbers.append(Column(name, powers.get(name) or _feature_name(path, name, stem, made), made))
    _check_names(path, numbers, powers)
    return FileColumns(time, site, tuple(numbers), said.get(time) == _STANDARD_TIME)


def _time_column(path: str, names: Sequence[str], given: str | None) -> str:
    if given is not None:
        if given not in names:
            raise InputError(f"{path}: {unknown_name('column', given, names)}. The file has: {', '.join(names)}")
        return given
    lower = {name.strip().lower(): name for name in reversed(names)}
    for guess in _TIMES:
        if guess in lower:
            return lower[guess]
    raise InputError(
        f"{path}: no column for the time (looked for {', '.join(_TIMES)}); name it with --time. "
        f"The file has: {', '.join(names)}"
    )


def _feature_name(path: str, name: str, stem: str, unit: Conversion | None) -> str:
    """The column's name in small letters; where its unit is converted, or stood in brackets, it ends as the kept one's."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    made = f"{stem}_{unit.suffix}" if unit and unit.suffix and (unit.changes or plain != name.lower()) else plain
    if not made:
        raise InputError(f"{path}: every column must have a name of letters or digits. Received: {name!r}")
    if made in _TAKEN:
        raise InputError(f"{path}: column {name!r} must have another name: every step has a {made!r} of its own")
    return made


def _check_names(path: str, columns: Sequence[Column], powers: Mapping[str, str]) -> None:
    first: dict[str, str] = {}
    for column in columns:
        if column.name in first:
            raise InputError(
                f"{path}: columns {first[column.name]!r} and {column.source!r} would both be called {column.name!r}; "
                "rename one of them"
            )
        first[column.name] = column.source
        if column.source in powers and (column.unit is None or column.unit.kept != "kW"):
            raise InputError(
                f"{path}: the unit of the power {column.source!r} must be known; say it with "
                f"--units '{column.source}=kW' (or W, MW). Received: {column.unit.given if column.unit else 'none'}"
            )
