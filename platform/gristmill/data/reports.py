"""What is told of data: descriptions, guessed schemas, validations and comparisons, and where the functions that make them are.

The functions read files and so belong to the pipelines, which `gristmill` does not import: they are found by the entry point
group `gristmill.data_tools`.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import entry_points
from typing import Any

from gristmill.errors import InputError, unknown_name
from gristmill.schema import Schema

__all__ = [
    "BrokenRule",
    "Comparison",
    "Description",
    "Estimate",
    "FeatureDrift",
    "Inference",
    "Place",
    "Thresholds",
    "Validation",
    "find_tool",
]

ENTRY_POINTS = "gristmill.data_tools"


def find_tool(name: str) -> Callable[..., Any]:
    """The function behind `gristmill data NAME`; `InputError` where it is not installed."""
    points = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if name not in points:
        raise InputError(f"{unknown_name('data tool', name, points)}; install the package again")
    tool: Callable[..., Any] = points[name].load()
    return tool


@dataclass(frozen=True)
class Description:
    """Figures of each feature, by split or table; `records` are those that were read, `invalid` those not counted."""

    name: str
    schemas: Mapping[str, Schema]
    statistics: Mapping[str, Mapping[str, Mapping[str, Any]]]
    records: int
    invalid: int = 0

    def values(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        kinds = {
            table: {f.name: {"kind": f.kind, "dtype": f.dtype} for f in schema.features}
            for table, schema in self.schemas.items()
        }
        told = {
            table: {name: {**kinds[table][name], **figures} for name, figures in features.items()}
            for table, features in self.statistics.items()
        }
        return {"name": self.name, "records": self.records, "invalid": self.invalid, "statistics": told}


@dataclass(frozen=True)
class Inference:
    """A schema guessed from records, with a note on each column whose guess is not certain."""

    record_schema: Schema
    records: int
    notes: tuple[tuple[str, str], ...] = ()
    """(column, what to know)."""

    def values(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        return {
            "schema": self.record_schema.model_dump(mode="json", exclude_defaults=True),
            "records": self.records,
            "notes": [{"column": column, "note": note} for column, note in self.notes],
        }


@dataclass(frozen=True)
class Place:
    """Where a rule was broken, and by what."""

    file: str
    position: int
    received: str


@dataclass(frozen=True)
class BrokenRule:
    """A rule of a feature (or of the file's format, where `feature` is empty), and the records that break it."""

    feature: str
    rule: str
    count: int
    first: tuple[Place, ...]


@dataclass(frozen=True)
class Validation:
    """What came of checking every record against a schema."""

    read: int
    invalid: int
    broken: tuple[BrokenRule, ...]
    allowed: str = "0"
    """How many may be invalid: a share such as `1%`, or a number."""
    exceeded: bool = False
    """Whether more are."""
    unknown_columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Columns of a file that the schema does not name, by file."""

    def values(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        return {**asdict(self), "valid": self.read - self.invalid, "ok": not self.exceeded}


@dataclass(frozen=True)
class Thresholds:
    """From where on a difference between two distributions is drift.

    PSI: the customary limits are .1 (some change) and .25 (much), see https://scholarworks.wmich.edu/dissertations/3208;
    ours lies between. Jensen-Shannon is the divergence in bits and L-infinity the largest difference of two shares, both
    as TensorFlow Data Validation defines them, which gives no limits; a share that moves by .1 is seen on any chart.
    """

    psi: float = 0.2
    js: float = 0.1
    linf: float = 0.1


@dataclass(frozen=True)
class FeatureDrift:
    """How the values of one feature differ between A and B."""

    feature: str
    part: str
    """`values`, or `length` of lists and texts."""
    kind: str
    missing: tuple[float, float]
    """Share of records without a value, in A and in B."""
    psi: float | None = None
    js: float | None = None
    linf: float | None = None
    reasons: tuple[str, ...] = ()
    """What lies above its threshold, and above what chance makes of samples of these sizes."""
    judged: bool = True
    """Whether reasons are drift; those of ids, of which new ones come as a matter of course, are only told."""
    told: str = ""
    """What changed, in words."""
    shares: tuple[tuple[str, float, float], ...] = ()
    """(bin or term, share in A, share in B), for charts."""

    @property
    def drifted(self) -> bool:
        """Whether this is drift."""
        return self.judged and bool(self.reasons)


@dataclass(frozen=True)
class Comparison:
    """Two sets of records, feature by feature, the largest drift first."""

    a: str
    b: str
    records: tuple[int, int]
    thresholds: Thresholds
    features: tuple[FeatureDrift, ...]
    mismatches: tuple[tuple[str, str], ...] = ()
    """(feature, why it cannot be compared): it stands in one only, or means different things."""
    notes: tuple[str, ...] = ()

    @property
    def drifted(self) -> bool:
        """Whether any feature drifted, or cannot be compared."""
        return bool(self.mismatches) or any(feature.drifted for feature in self.features)

    def values(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        made = asdict(self)
        made["features"] = [{**asdict(feature), "drift": feature.drifted} for feature in self.features]
        made["mismatches"] = [{"feature": name, "reason": reason} for name, reason in self.mismatches]
        return {**made, "drift": self.drifted}


@dataclass(frozen=True)
class Estimate:
    """What an ingestion is predicted to take, told from that of a sample."""

    rows: int
    workers: int
    seconds: float
    cpu_seconds: float
    memory_bytes: int
    """Of the process that needs most."""
    dataset_bytes: int
    peak_disk_bytes: int
    """Dataset and work folder together, while the pipeline runs."""
    sample_rows: int
