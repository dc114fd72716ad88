"""A plan that cannot be carried out is refused before anything is read."""

from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from gristmill.data.plan import IngestPlan

PLAN = """
app: made
records:
  name: events
  paths: [a.csv]
  unique: [user]
  record_schema: {features: [{name: user, kind: id}, {name: time, kind: time}]}
split: {kind: time, key: user, order_by: [time]}
tables: [{name: items, paths: [b.csv], unique: [item], record_schema: {features: [{name: item, kind: id}]}}]
"""


def test_a_plan_comes_back_from_json() -> None:
    plan = IngestPlan.model_validate(yaml.safe_load(PLAN))
    assert IngestPlan.model_validate_json(plan.model_dump_json()) == plan
    assert [source.name for source in plan.sources] == ["events", "items"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("key: user", "key: usr", "must name features of events. Received: usr"),
        ("order_by: [time]", "order_by: [day]", "must name features of events. Received: day"),
        ("unique: [item]", "unique: [id]", "must name features of items. Received: id"),
        ("unique: [user]", "unique: [time]", "unique of the records must hold the split's key 'user'"),
        ("name: time, ", "name: position, ", "must name features of events|adds features of its own"),
        ("{name: time, kind: time}", "{name: time, kind: time}, {name: key_records, kind: id}", "adds features of its own"),
        ("name: items", "name: train", "tables need names of their own. Received: train"),
        ("kind: time, key: user, order_by: [time]", "kind: hash, key: user, fractions: [0.5, 0.5, 0.5]", "must add up to 1"),
        ("app: made", "app: made\nshards: 0", "greater than or equal to 1"),
        ("app: made", "app: made\nshard: 1", "Extra inputs are not permitted"),
    ],
)  # fmt: skip
def test_a_broken_rule_is_told(old: str, new: str, message: str) -> None:
    assert old in PLAN
    content: Any = yaml.safe_load(PLAN.replace(old, new))
    with pytest.raises(ValidationError, match=message):
        IngestPlan.model_validate(content)
