"""RunConfig keeps the arguments, defaults and rules of tf.estimator 2.15.1, and reads TF_CONFIG as it did."""

import copy
import inspect
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import tensorflow as tf

from gristmill.estimator.errors import ArgumentError, KindError
from gristmill.estimator.run_config import RunConfig

CLUSTER = {"chief": ["h0:1"], "ps": ["h1:1", "h2:1"], "worker": ["h3:1", "h4:1"]}
LEGACY = {"master": ["h0:1"], "ps": ["h1:1", "h2:1"], "worker": ["h3:1", "h4:1"]}
PLACE = ("task_type", "task_id", "global_id_in_cluster", "master", "num_ps_replicas", "num_worker_replicas", "is_chief")

SetTfConfig = Callable[[Any], None]


@pytest.fixture
def tf_config(monkeypatch: pytest.MonkeyPatch) -> SetTfConfig:
    return lambda content: monkeypatch.setenv("TF_CONFIG", json.dumps(content))


@pytest.fixture(autouse=True)
def _no_tf_config(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_CONFIG", raising=False)


def place(config: RunConfig) -> tuple[Any, ...]:
    return tuple(getattr(config, name) for name in PLACE)


def test_arguments_stand_in_the_order_of_tf_estimator() -> None:
    assert list(inspect.signature(RunConfig).parameters) == [
        "model_dir",
        "tf_random_seed",
        "save_summary_steps",
        "save_checkpoints_steps",
        "save_checkpoints_secs",
        "session_config",
        "keep_checkpoint_max",
        "keep_checkpoint_every_n_hours",
        "log_step_count_steps",
        "train_distribute",
        "device_fn",
        "protocol",
        "eval_distribute",
        "experimental_distribute",
        "experimental_max_worker_delay_secs",
        "session_creation_timeout_secs",
        "checkpoint_save_graph_def",
    ]


def test_defaults() -> None:
    config = RunConfig()
    assert (config.model_dir, config.tf_random_seed, config.session_config, config.device_fn) == (None,) * 4
    assert (config.train_distribute, config.eval_distribute, config.protocol, config.service) == (None,) * 4
    assert (config.save_summary_steps, config.log_step_count_steps) == (100, 100)
    assert (config.save_checkpoints_secs, config.save_checkpoints_steps) == (600, None)
    assert (config.keep_checkpoint_max, config.keep_checkpoint_every_n_hours) == (5, 10000)
    assert config.experimental_max_worker_delay_secs is None
    assert config.session_creation_timeout_secs == 7200
    assert config.checkpoint_save_graph_def is True
    assert place(config) == ("worker", 0, 0, "", 0, 1, True)
    assert not config.cluster_spec
    assert config.evaluation_master == ""


@pytest.mark.parametrize(
    ("given", "steps", "seconds"),
    [
        ({"save_checkpoints_steps": 3}, 3, None),
        ({"save_checkpoints_secs": 3}, None, 3),
        ({"save_checkpoints_steps": None}, None, None),
        ({"save_checkpoints_secs": None}, None, None),
        ({"save_checkpoints_secs": None, "save_checkpoints_steps": None}, None, None),
    ],
)
def test_to_set_one_interval_unsets_the_other(given: dict[str, Any], steps: int | None, seconds: int | None) -> None:
    config = RunConfig(**given)
    assert (config.save_checkpoints_steps, config.save_checkpoints_secs) == (steps, seconds)


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"save_checkpoints_steps": 3, "save_checkpoints_secs": 3}, "one of `save_checkpoints_steps`"),
        ({"model_dir": ""}, "`model_dir` must be non-empty"),
        ({"tf_random_seed": 1.0}, "`tf_random_seed` must be an integer"),
        ({"save_summary_steps": -1}, "`save_summary_steps` must be 0 or more"),
        ({"save_checkpoints_steps": -1}, "`save_checkpoints_steps` must be 0 or more"),
        ({"save_checkpoints_secs": -1}, "`save_checkpoints_secs` must be 0 or more"),
        ({"session_config": 1}, "`session_config` must be a tf.compat.v1.ConfigProto"),
        ({"keep_checkpoint_max": -1}, "`keep_checkpoint_max` must be 0 or more"),
        ({"keep_checkpoint_every_n_hours": 0}, "`keep_checkpoint_every_n_hours` must be more than 0"),
        ({"log_step_count_steps": 0}, "`log_step_count_steps` must be more than 0"),
        ({"device_fn": lambda x: x}, "`device_fn` must be a function of one argument, `op`"),
        ({"device_fn": 1}, "`device_fn` must be a function of one argument, `op`"),
        ({"protocol": "x"}, "`protocol` must be grpc"),
        ({"experimental_max_worker_delay_secs": 1.0}, "`experimental_max_worker_delay_secs` must be an integer"),
        ({"session_creation_timeout_secs": 0}, "`session_creation_timeout_secs` must be more than 0"),
        ({"experimental_distribute": SimpleNamespace(remote_cluster="x")}, "`remote_cluster` is not supported"),
    ],
)
def test_rules(given: dict[str, Any], rule: str) -> None:
    with pytest.raises(ArgumentError, match=rule):
        RunConfig(**given)


def test_zero_and_none_where_they_mean_never_or_all() -> None:
    config = RunConfig(keep_checkpoint_max=0, save_summary_steps=0, log_step_count_steps=None)
    assert (config.keep_checkpoint_max, config.save_summary_steps, config.log_step_count_steps) == (0, 0, None)


def test_a_path_becomes_text() -> None:
    assert RunConfig(Path("/a")).model_dir == "/a"
    assert RunConfig().replace(model_dir=Path("/a")).model_dir == "/a"


def test_nothing_can_be_set() -> None:
    with pytest.raises(AttributeError):
        RunConfig().model_dir = "/a"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        RunConfig().task_id = 1  # type: ignore[misc]


def test_a_strategy_may_come_in_either_of_two_places() -> None:
    strategy = tf.distribute.get_strategy()
    assert RunConfig(experimental_distribute=SimpleNamespace(train_distribute=strategy)).train_distribute is strategy
    with pytest.raises(ArgumentError, match="`eval_distribute` must be given once"):
        RunConfig(eval_distribute=strategy, experimental_distribute=SimpleNamespace(eval_distribute=strategy))


def test_replace_changes_a_copy() -> None:
    config = RunConfig(save_checkpoints_steps=3, tf_random_seed=1)
    other = config.replace(save_checkpoints_secs=5, model_dir="/a")
    assert (other.save_checkpoints_steps, other.save_checkpoints_secs, other.model_dir) == (None, 5, "/a")
    assert other.tf_random_seed == 1
    assert (config.save_checkpoints_steps, config.save_checkpoints_secs, config.model_dir) == (3, None, None)
    assert config.replace(save_checkpoints_steps=None).save_checkpoints_secs is None


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"task_id": 1}, "may be replaced. Received: task_id"),
        ({"_place": 1}, "may be replaced. Received: _place"),
        ({"save_checkpoints_secs": 5, "save_checkpoints_steps": 4}, "one of `save_checkpoints_steps`"),
        ({"model_dir": ""}, "`model_dir` must be non-empty"),
    ],
)
def test_rules_of_replace(given: dict[str, Any], rule: str) -> None:
    with pytest.raises(ArgumentError, match=rule):
        RunConfig().replace(**given)


def test_a_copy_keeps_everything() -> None:
    config = RunConfig(model_dir="/a", train_distribute=tf.distribute.get_strategy())
    assert copy.deepcopy(config).train_distribute is config.train_distribute


@pytest.mark.parametrize(
    ("cluster", "task", "expected"),  # as tf.estimator 2.15.1 gave
    [
        (CLUSTER, ("chief", 0), ("chief", 0, 0, "grpc://h0:1", 2, 3, True)),
        (CLUSTER, ("worker", 1), ("worker", 1, 2, "grpc://h4:1", 2, 3, False)),
        (CLUSTER, ("ps", 1), ("ps", 1, 4, "grpc://h2:1", 2, 3, False)),
        (CLUSTER, ("evaluator", 0), ("evaluator", 0, None, "", 0, 0, False)),
        (LEGACY, ("master", 0), ("master", 0, 0, "grpc://h0:1", 2, 3, True)),
        (LEGACY, ("worker", "1"), ("worker", 1, 2, "grpc://h4:1", 2, 3, False)),
        ({"chief": ["h:1"]}, ("chief", 0), ("chief", 0, 0, "", 0, 1, True)),
    ],
)
def test_the_place_in_a_cluster(
    tf_config: SetTfConfig, cluster: dict[str, Any], task: tuple[str, Any], expected: tuple[Any, ...]
) -> None:
    tf_config({"cluster": cluster, "task": {"type": task[0], "index": task[1]}})
    config = RunConfig()
    assert place(config) == expected
    assert config.cluster_spec.as_dict() == ({} if task[0] == "evaluator" else cluster)


def test_what_else_tf_config_tells(tf_config: SetTfConfig) -> None:
    tf_config(
        {
            "session_master": "sm",
            "eval_session_master": "em",
            "service": {"a": 1},
            "model_dir": "/m",
            "task": {"index": 0},
        }
    )
    config = RunConfig(model_dir="/m")
    assert (config.master, config.evaluation_master, config.service) == ("sm", "em", {"a": 1})
    assert (config.model_dir, RunConfig().model_dir) == ("/m", "/m")
    with pytest.raises(ArgumentError, match="`model_dir` must be that of TF_CONFIG"):
        RunConfig(model_dir="/other")


def test_the_first_worker_is_chief_where_a_strategy_trains(tf_config: SetTfConfig) -> None:
    cluster = {"worker": ["a:1", "b:1"]}
    strategy = tf.distribute.get_strategy()
    tf_config({"cluster": cluster, "task": {"type": "worker", "index": 0}})
    assert place(RunConfig(train_distribute=strategy)) == ("worker", 0, 0, "grpc://a:1", 0, 2, True)
    with pytest.raises(ArgumentError, match="exactly one chief"):
        RunConfig()
    tf_config({"cluster": cluster, "task": {"type": "worker", "index": 1}})
    assert not RunConfig(train_distribute=strategy).is_chief


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ({"task": {"type": "ps"}}, "must be worker 0"),
        ({"task": {"index": 1}}, "must be worker 0"),
        ({"task": {"type": "evaluator", "index": 0}}, "must be worker 0"),
        ({"cluster": {"ps": ["a:1"]}, "task": {"type": "ps", "index": 0}}, "exactly one chief"),
        ({"cluster": {"chief": ["a:1", "b:1"]}, "task": {"type": "chief", "index": 0}}, "exactly one chief"),
        ({"cluster": CLUSTER}, "must have a type and an index"),
        ({"cluster": CLUSTER, "task": {"type": "chief"}}, "must have a type and an index"),
        ({"cluster": CLUSTER, "task": {"type": "chief", "index": -1}}, "must be one of its cluster"),
        ({"cluster": CLUSTER, "task": {"type": "evaluator", "index": -1}}, "must be one of its cluster"),
        ({"cluster": CLUSTER, "task": {"type": "worker", "index": 2}}, "must be one of its cluster"),
        ({"cluster": CLUSTER, "task": {"type": "foo", "index": 0}}, "must be one of its cluster"),
        ({"cluster": LEGACY, "task": {"type": "evaluator", "index": 0}}, "must have no evaluator"),
        ({"cluster": {**CLUSTER, "master": ["x:1"]}, "task": {"type": "master", "index": 0}}, "not both"),
        ({"model_dir": ""}, "`model_dir` in TF_CONFIG must be non-empty"),
        ([], "must be a JSON object"),
    ],
)
def test_rules_of_tf_config(tf_config: SetTfConfig, content: Any, rule: str) -> None:
    tf_config(content)
    with pytest.raises(ArgumentError, match=rule):
        RunConfig()


def test_a_service_must_be_an_object(tf_config: SetTfConfig) -> None:
    tf_config({"service": 3})
    with pytest.raises(KindError, match="`service` in TF_CONFIG"):
        RunConfig()


def test_tf_config_must_be_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CONFIG", "{")
    with pytest.raises(ArgumentError, match="TF_CONFIG must be JSON"):
        RunConfig()
