"""Units: which are known, what names say of them, and exact conversion to the one that is kept of each kind."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gristmill.errors import InputError, unknown_name

__all__ = ["Conversion", "Unit", "conversion", "find_unit", "known_unit", "likely_units", "parse_units", "unit_in_name"]


@dataclass(frozen=True)
class Unit:
    """A unit, and how its values become those of the unit that is kept of its kind: `value * scale + offset`."""

    name: str
    kind: str
    scale: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True)
class Conversion:
    """What became of a column's unit: `value * scale + offset`."""

    given: str
    kept: str
    scale: float = 1.0
    offset: float = 0.0

    @property
    def changes(self) -> bool:
        """Whether the kept unit is another."""
        return self.given != self.kept

    @property
    def suffix(self) -> str:
        """How the name of a column ends that was converted."""
        return _SUFFIXES.get(self.kept, "")

    def __call__(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The values in the kept unit [row]."""
        return values * self.scale + self.offset if self.changes else values


_UNITS = {
    unit.name: unit
    for unit in (
        Unit("degC", "temperature"),
        Unit("degF", "temperature", 5 / 9, -160 / 9),
        Unit("K", "temperature", 1.0, -273.15),
        Unit("kW", "power"),
        Unit("W", "power", 1e-3),
        Unit("MW", "power", 1e3),
        Unit("kg/s", "mass flow"),
        Unit("kg/h", "mass flow", 1 / 3600),
        Unit("m3/s", "volume flow"),
        Unit("m3/h", "volume flow", 1 / 3600),
        Unit("l/s", "volume flow", 1e-3),
        Unit("%", "percent"),
        Unit("fraction", "fraction"),
        Unit("1", "number"),
    )
}
_OTHER_NAMES = {"c": "degC", "°c": "degC", "f": "degF", "°f": "degF", "percent": "%", "m³/s": "m3/s", "m³/h": "m3/h"}
_SUFFIXES = {
    "degC": "c",
    "kW": "kw",
    "kg/s": "kg_s",
    "m3/s": "m3_s",
    "%": "percent",
    "fraction": "fraction",
}
"""How a name ends that says which of the kept units its values have."""
_OTHER_SUFFIXES = {
    "degc": "degC", "degf": "degF", "mw": "MW", "kg_h": "kg/h", "m3_h": "m3/h", "l_s": "l/s", "pct": "%",
}  # fmt: skip
_DOUBTFUL_SUFFIXES = {"f": ("degF", "temp"), "k": ("K", "temp"), "w": ("W", "power")}
"""A single letter is a unit only where the name says the kind: `inlet_w` may be the western one."""
_IN_BRACKETS = re.compile(r"^(.*?)[\s_]*[\[(]\s*([^\[\]()]+?)\s*[\])]\s*$")
_KEPT = {unit.kind: unit for unit in reversed(_UNITS.values())}
_UNITS_BY_SUFFIX = {suffix: name for name, suffix in _SUFFIXES.items()} | _OTHER_SUFFIXES


def find_unit(name: str) -> Unit:
    """The unit of that name; an unknown one raises `InputError` with the nearest."""
    found = _OTHER_NAMES.get(name.strip().lower(), name.strip())
    if found not in _UNITS:
        raise unknown_name("unit", name, _UNITS)
    return _UNITS[found]


def parse_units(text: str | None) -> dict[str, Unit]:
    """Units by column, from `inlet=degF,total=W`.

    Raises:
        InputError: A part is no `COLUMN=UNIT`, or a unit is not known.
    """
    found = {}
    for part in (text or "").split(",") if text else ():
        column, equals, unit = part.rpartition("=")
        if not equals or not column.strip():
            raise InputError(f"--units must be COLUMN=UNIT parts with commas between them. Received: {part!r}")
        found[column.strip()] = find_unit(unit)
    return found


def unit_in_name(name: str) -> tuple[str, Unit | None]:
    """The name as a slug without its unit, and the unit that it says; `Inlet (°F)` and `inlet_temp_f` both say degF."""
    if (found := _IN_BRACKETS.match(name)) and (unit := known_unit(found[2])):
        return _slug(found[1]), unit
    slug = _slug(name)
    for suffix, unit_name in _UNITS_BY_SUFFIX.items():
        if slug.endswith(f"_{suffix}"):
            return slug.removesuffix(f"_{suffix}"), _UNITS[unit_name]
    stem, _, last = slug.rpartition("_")
    unit_name, word = _DOUBTFUL_SUFFIXES.get(last, ("", ""))
    if unit_name and word in stem:
        return stem, _UNITS[unit_name]
    return slug, None


def conversion(unit: Unit, said: Unit | None) -> Conversion:
    """How a column's values become those of the unit that is kept.

    Fractions and percent are both kept as they are, but where the column's name says the other.

    Args:
        unit: What the values have.
        said: What the column's name says.
    """
    if said and {unit.kind, said.kind} == {"fraction", "percent"}:
        return Conversion(unit.name, said.name, 100.0 if said.kind == "percent" else 0.01)
    return Conversion(unit.name, _KEPT[unit.kind].name, unit.scale, unit.offset)


def likely_units(kept: str, median: float, low: float, high: float) -> list[str]:
    """Units of the same kind in which a median would lie between two limits of the kept one."""
    same = [unit for unit in _UNITS.values() if unit.kind == _UNITS[kept].kind and unit.name != kept]
    return [unit.name for unit in same if low <= median * unit.scale + unit.offset <= high]


def known_unit(name: str) -> Unit | None:
    """The unit of that name, or None."""
    try:
        return find_unit(name)
    except InputError:
        return None


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
