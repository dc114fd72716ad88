"""Which feature a column is, by its name and the look of its values."""

import re
from typing import Any

from gristmill.schema import Feature, Kind, Missing
from pipelines.survey.evidence import NUMBER_SEPARATORS, Evidence

__all__ = ["guess", "list_separator", "split_name"]

_ID_NAME = re.compile(
    r"(^|_)(id|ID|uuid|UUID|guid|key|user|item|session)$|[a-z](Id|ID|Uuid|UUID)$"
    r"|^(user|item|movie|product|session|customer|order)id$"
)
_TIME_NAME = re.compile(r"(^|_)(time|date|datetime|timestamp|ts|at|when)$|^(time|date)|[a-z](Time|Date|At)$")
_SECONDS = (1e8, 4.2e9)
"""From 1973 to 2103: whole numbers here, under the name of a time, count seconds since 1970."""


def split_name(column: str) -> tuple[str, str]:
    """The name, and what it says of its values: `NAME:float`, `NAME:token`, `NAME:token_seq` or `NAME:float_seq`.

    So are columns named in the atomic files of RecBole, https://recbole.io/docs/user_guide/data/atomic_files.html
    """
    name, _, said = column.partition(":")
    return (name, said) if said in ("float", "token", "token_seq", "float_seq") else (column, "")


def list_separator(evidence: Evidence, said: str = "") -> str | None:
    """What stands between the elements where texts hold lists, or None."""
    if said.endswith("_seq"):
        return " "
    if evidence.common("bar"):
        return "|"
    for separator in NUMBER_SEPARATORS:
        look = f"numbers by {separator}"
        if evidence.common(look) and evidence.sure(look, "number"):
            return separator
    return None


def guess(column: str, evidence: Evidence, *, ranges: bool = False, closed: int = 0) -> tuple[Feature, str]:
    """The feature, and a note where the guess is not certain.

    Args:
        column: Name of the column.
        evidence: What its values look like.
        ranges: Whether the smallest and largest number become limits.
        closed: Categories with up to this many different terms allow no others.
    """
    name, said = split_name(column)
    made: dict[str, Any] = {
        "name": name,
        "column": "" if name == column else column,
        "missing": Missing.KEEP if evidence.missing or not evidence.values else Missing.REJECT,
    }
    note = ""
    if not evidence.values:
        return Feature(kind=Kind.TEXT, **made), "no value is there: kind text is a guess"
    separator = list_separator(evidence, said)
    if evidence.looks["list"]:
        made |= _lists(evidence, ranges)
        if evidence.looks["list"] < evidence.values:
            note = f"{evidence.values - evidence.looks['list']} of {evidence.values} are no lists"
    elif separator:
        numbers = said == "float_seq" or evidence.sure(f"numbers by {separator}", "number")
        made |= {"kind": Kind.SEQUENCE, "separator": separator, "dtype": "float32" if numbers else "string"}
    elif evidence.sure("time") or _counts_seconds(name, evidence):
        made |= {"kind": Kind.TIME} | _limits(evidence, "time" if evidence.sure("time") else "number", ranges)
    elif said == "float" or (evidence.sure("number") and not _is_name(name, evidence) and said != "token"):
        made |= {"kind": Kind.NUMBER, "dtype": "int64" if evidence.whole else "float32"}
        made |= _limits(evidence, "number", ranges)
        note = evidence.odd_number
    else:
        made |= _name_or_text(name, said, evidence, closed)
    return Feature(**made), note


def _lists(evidence: Evidence, ranges: bool) -> dict[str, Any]:
    elements = evidence.elements or Evidence()
    inner = elements.elements if elements.looks["list"] else None
    values = inner or elements
    dtype = "string"
    if values.sure("number") and values.looks["number"] == values.values:
        dtype = "int64" if values.whole else "float32"
    shortest, longest = evidence.ends["length"]
    fixed = dtype == "float32" and inner is None and shortest == longest > 1
    shape = (None, None) if inner else (int(longest),) if fixed else (None,)
    limits = _limits(values, "number", ranges and dtype != "string")
    return {"kind": Kind.SEQUENCE, "dtype": dtype, "shape": shape, **limits}


def _counts_seconds(name: str, evidence: Evidence) -> bool:
    low, high = evidence.ends.get("number", (0, 0))
    return bool(_TIME_NAME.search(name)) and evidence.sure("number") and _SECONDS[0] <= low <= high <= _SECONDS[1]


def _is_name(name: str, evidence: Evidence) -> bool:
    """Whether numbers name things: the column is called so, or they start with zeros."""
    return evidence.whole and (bool(_ID_NAME.search(name)) or evidence.looks["padded"] > 0)


def _name_or_text(name: str, said: str, evidence: Evidence, closed: int) -> dict[str, Any]:
    if _ID_NAME.search(name):
        return {"kind": Kind.ID}
    if evidence.repeats or said == "token":
        terms = evidence.terms.table().column("term").to_pylist()
        allowed = tuple(sorted(terms)) if evidence.complete and len(terms) <= closed else None
        return {"kind": Kind.CATEGORY, "values": allowed}
    return {"kind": Kind.TEXT if evidence.common("spaced") else Kind.ID}


def _limits(evidence: Evidence, what: str, wanted: bool) -> dict[str, Any]:
    if not wanted or what not in evidence.ends:
        return {}
    low, high = evidence.ends[what]
    return {"minimum": low, "maximum": high}
