"""Schema and Feature: the one record that says what flows from a source to a model."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from gristmill.errors import InputError, unknown_name

__all__ = ["Feature", "Kind", "Missing", "Role", "Schema"]


class Kind(StrEnum):
    """What a feature's values mean; it decides how they are checked, counted and encoded."""

    ID = "id"
    CATEGORY = "category"
    NUMBER = "number"
    TEXT = "text"
    TIME = "time"
    SEQUENCE = "sequence"


class Missing(StrEnum):
    """What happens to a record whose value is missing."""

    REJECT = "reject"
    KEEP = "keep"


class Role(StrEnum):
    """What a feature is for."""

    FEATURE = "feature"
    LABEL = "label"
    WEIGHT = "weight"
    KEY = "key"


_DTYPES = {
    Kind.ID: ("string", "int64"),
    Kind.CATEGORY: ("string", "int64"),
    Kind.NUMBER: ("float32", "int64"),
    Kind.TEXT: ("string",),
    Kind.TIME: ("int64",),
    Kind.SEQUENCE: ("string", "int64", "float32"),
}


class Feature(BaseModel):
    """One column of a data set.

    `shape` is `()` for one value a record; a `sequence` has `(None,)` for a list of any length, `(k,)` for one of k
    elements, or `(None, None)` for a list of lists.
    Times are whole seconds since 1970-01-01 UTC; a fraction of a second is cut off. A `float32` holds whole numbers
    exactly up to 2**24; `int64` holds larger ones.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: Annotated[str, Field(min_length=1)]
    kind: Kind
    dtype: str = ""
    """`string`, `int64` or `float32`; empty takes the first that the kind allows."""
    shape: tuple[int | None, ...] = ()
    minimum: float | None = None
    """Smallest value allowed, inclusive."""
    maximum: float | None = None
    """Largest value allowed, inclusive."""
    values: tuple[str, ...] | None = None
    """The only values allowed, for kinds `id` and `category`; whole numbers as their digits."""
    missing: Missing = Missing.REJECT
    role: Role = Role.FEATURE
    separator: Annotated[str, Field(min_length=1)] = " "
    """Between the elements of a `sequence` that a text source holds in one cell."""
    outer_separator: Annotated[str, Field(min_length=1)] = ";"
    """Between the lists of a `sequence` of lists that a text source holds in one cell."""
    column: str = ""
    """Name of the column in the source; empty where it is the feature's own."""

    @model_validator(mode="before")
    @classmethod
    def _defaults(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("kind") in list(Kind):
            kind = Kind(values["kind"])
            values = {**values, "dtype": values.get("dtype") or _DTYPES[kind][0]}
            values.setdefault("shape", (None,) if kind is Kind.SEQUENCE else ())
        return values

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if self.dtype not in _DTYPES[self.kind]:
            raise ValueError(
                f"dtype of a feature of kind {self.kind} must be one of {_DTYPES[self.kind]}. Received: {self.dtype!r}"
            )
        fixed = len(self.shape) == 1 and (self.shape[0] or 0) > 0
        if not (fixed or self.shape in ((None,), (None, None)) if self.kind is Kind.SEQUENCE else self.shape == ()):
            raise ValueError(
                "shape must be [null], [k] with k > 0 or [null, null] for kind sequence, and [] for others. "
                f"Received: {self.shape}"
            )
        if self.nested and self.separator == self.outer_separator:
            raise ValueError(f"separator and outer_separator must differ. Received: {self.separator!r} twice")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError(f"minimum must not exceed maximum. Received: {self.minimum} > {self.maximum}")
        if self.dtype == "string" and (self.minimum, self.maximum) != (None, None):
            raise ValueError(f"minimum and maximum stand with numbers only. Received: dtype {self.dtype}")
        if self.values is not None and self.kind not in (Kind.ID, Kind.CATEGORY):
            raise ValueError(f"values stand with kinds id and category only. Received: kind {self.kind}")
        if self.name.startswith("__") or self.column.startswith("__"):
            raise ValueError(f"names that start with two underscores are the pipeline's. Received: {self.name!r}")
        return self

    @property
    def nested(self) -> bool:
        """Whether a value is a list of lists."""
        return len(self.shape) == 2

    @property
    def source_column(self) -> str:
        """Name of the column in the source."""
        return self.column or self.name

    @property
    def has_vocabulary(self) -> bool:
        """Whether ingestion counts this feature's terms into a vocabulary."""
        return self.dtype == "string" and self.kind in (Kind.ID, Kind.CATEGORY, Kind.SEQUENCE)


class Schema(BaseModel):
    """The features of one kind of record, in order.

    Raises:
        pydantic.ValidationError: A feature breaks a rule, or two have one name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    features: tuple[Feature, ...]

    @model_validator(mode="after")
    def _unique(self) -> Self:
        names = self.names
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"feature names must be unique. Received twice: {', '.join(twice)}")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features, in order."""
        return tuple(feature.name for feature in self.features)

    def __getitem__(self, name: str) -> Feature:
        """The feature of that name; an unknown one raises `InputError` with the nearest."""
        for feature in self.features:
            if feature.name == name:
                return feature
        raise unknown_name("feature", name, self.names)

    def with_role(self, role: Role) -> tuple[Feature, ...]:
        """The features of one role."""
        return tuple(feature for feature in self.features if feature.role is role)

    def to_yaml(self) -> str:
        """The schema as YAML, without the values that are defaults."""
        import yaml

        return yaml.safe_dump(self.model_dump(mode="json", exclude_defaults=True), sort_keys=False)

    @classmethod
    def from_yaml(cls, text: str) -> Self:
        """Reads what `to_yaml` wrote; `InputError` says which field breaks which rule."""
        import yaml

        try:
            return cls.model_validate(yaml.safe_load(text))
        except (ValidationError, yaml.YAMLError) as error:
            raise InputError(f"not a schema: {error}") from error

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads a schema from a YAML file."""
        try:
            return cls.from_yaml(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, InputError) as error:
            raise InputError(f"{path}: {error}") from error
