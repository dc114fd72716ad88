"""Features and schemas: defaults, rules, and YAML there and back."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gristmill.errors import InputError
from gristmill.schema import Feature, Kind, Missing, Role, Schema

SCHEMA = Schema(
    features=(
        Feature(name="user", kind=Kind.ID, role=Role.KEY, column="user_id"),
        Feature(name="stars", kind=Kind.NUMBER, dtype="int64", minimum=1, maximum=5, role=Role.LABEL),
        Feature(name="size", kind=Kind.CATEGORY, values=("S", "M"), missing=Missing.KEEP),
        Feature(name="tags", kind=Kind.SEQUENCE, separator="|"),
    )
)


@pytest.mark.parametrize(
    ("kind", "dtype", "vocabulary"),
    [
        ("id", "string", True),
        ("category", "string", True),
        ("number", "float32", False),
        ("text", "string", False),
        ("time", "int64", False),
        ("sequence", "string", True),
    ],
)
def test_each_kind_has_its_defaults(kind: str, dtype: str, vocabulary: bool) -> None:
    feature = Feature.model_validate({"name": "x", "kind": kind})
    assert (feature.dtype, feature.has_vocabulary) == (dtype, vocabulary)
    assert feature.shape == ((None,) if kind == "sequence" else ())
    assert feature.source_column == "x"


def test_yaml_comes_back_equal(tmp_path: Path) -> None:
    assert Schema.from_yaml(SCHEMA.to_yaml()) == SCHEMA
    (tmp_path / "schema.yaml").write_text(SCHEMA.to_yaml())
    assert Schema.load(tmp_path / "schema.yaml") == SCHEMA


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": ""}, "at least 1 character"),
        ({"kind": "number", "dtype": "string"}, r"must be one of \('float32', 'int64'\). Received: 'string'"),
        (
            {"kind": "sequence", "shape": ()},
            r"shape must be \[null\], \[k\] with k > 0 or \[null, null\] for kind sequence",
        ),
        ({"kind": "number", "minimum": 2, "maximum": 1}, "minimum must not exceed maximum. Received: 2.0 > 1.0"),
        ({"kind": "id", "minimum": 2}, "minimum and maximum stand with numbers only"),
        ({"kind": "number", "values": ("1",)}, "values stand with kinds id and category only"),
        ({"kind": "sequence", "separator": ""}, "at least 1 character"),
        ({"kind": ["id"]}, "kind"),
        ({"kind": "word"}, "Input should be 'id', 'category'"),
        ({"name": "__file__"}, "names that start with two underscores are the pipeline's"),
        ({"color": 1}, "Extra inputs are not permitted"),
    ],
)
def test_a_broken_rule_is_told(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Feature.model_validate({"name": "x", "kind": "id", **settings})


def test_names_are_unique_and_unknown_ones_list_the_nearest() -> None:
    with pytest.raises(ValidationError, match=r"feature names must be unique\. Received twice: user"):
        Schema(features=(SCHEMA["user"], SCHEMA["user"]))
    with pytest.raises(InputError, match="unknown feature 'star'; did you mean 'stars'"):
        SCHEMA["star"]
    assert SCHEMA.with_role(Role.LABEL) == (SCHEMA["stars"],)
    assert SCHEMA["user"].source_column == "user_id"


@pytest.mark.parametrize("content", [b"features: [{name: x}]", b"[", b"", b"\xff", b"features: [{name: x, kind: {}}]"])
def test_what_is_no_schema_is_refused_with_its_path(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "schema.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"schema\.yaml: "):
        Schema.load(path)
    with pytest.raises(InputError, match=r"none\.yaml: "):
        Schema.load(tmp_path / "none.yaml")
