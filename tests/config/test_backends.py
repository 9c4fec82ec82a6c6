"""Backends: their registry, what they say about themselves, and which of them reads a key."""

from importlib import import_module
from typing import Any

import pytest

from rl_pipeline.config.environment import BACKENDS, OWNERS, Environment
from rl_pipeline.config.schema import Config
from rl_pipeline.config.translation import validate

ACTION = {"field": "/cmd_vel.linear.x", "type": "geometry_msgs/msg/Twist", "low": -1, "high": 1}
ROBOTS = {"observations": ["/odom.pose"], "actions": [ACTION], "task": "t.py:Task", "rate": 10}


def environment(backend: str, **keys: Any) -> Environment:
    return Environment.model_validate({"id": "A", "backend": backend, **keys})


def traits(backend: str, **keys: Any) -> set[str]:
    return {name for name, holds in vars(environment(backend, **keys).traits).items() if holds}


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_maker_of_every_backend_is_there(backend: str) -> None:
    module, function = BACKENDS[backend].maker.split(":")
    assert callable(getattr(import_module(module), function))


@pytest.mark.parametrize(
    ("backend", "keys", "expected"),
    [
        ("gymnasium", {}, {"renders", "exact_state", "in_process"}),
        ("mujoco", {"randomization": {}}, {"renders", "exact_state", "in_process"}),
        ("ros", {}, {"renders", "exact_state"}),
        ("ros", {"ros": {"adapter": "a.py:Adapter"}}, {"existing_robots"}),
        ("ros_topics", {}, {"real_time", "existing_robots"}),
        ("ros_topics", {"ros_topics": ROBOTS}, {"real_time", "existing_robots"}),
        ("unity", {}, {"started_by_hand"}),
        ("unity", {"unity": {"build_path": "player"}}, set()),
        ("unity_ros", {"unity_ros": {}}, {"renders", "started_by_hand"}),
        ("unity_ros", {"unity_ros": {"build_path": "player"}}, {"renders"}),
    ],
)
def test_traits_follow_from_the_section(backend: str, keys: dict[str, Any], expected: set[str]) -> None:
    assert traits(backend, **keys) == expected


@pytest.mark.parametrize("key", sorted(Environment.model_fields.keys() & OWNERS.keys()))
def test_a_key_of_one_backend_is_refused_with_every_other(key: str) -> None:
    value = {"ros_topics": ROBOTS}.get(key, {})
    for backend in BACKENDS:
        mapping = {"environment": {"id": "A", "backend": backend, key: value}}
        _, problems = validate(Config, mapping)
        if backend == OWNERS[key]:
            assert problems == []
        else:
            [problem] = problems
            assert problem.key == f"environment.{key}"
            assert problem.message == f"the backend {backend} does not read it"
            assert problem.remedy == f"remove it, or set environment.backend: {OWNERS[key]}"


@pytest.mark.parametrize("backend", [name for name, backend in BACKENDS.items() if not backend.has_workers])
def test_workers_are_refused_where_a_backend_has_none(backend: str) -> None:
    mapping = {"environment": {"id": "A", "backend": backend, "n_environments": 2, "n_workers": 2}}
    _, [problem] = validate(Config, mapping)
    assert problem.key == "environment.n_workers"
    assert problem.message == f"the backend {backend} has no worker processes"
    assert problem.remedy == "set n_workers: 0, or backend: gymnasium"


@pytest.mark.parametrize("value", [3, None, ["unit"], "Unity"])
def test_what_is_no_backend_is_refused_with_the_valid_names(value: Any) -> None:
    _, [problem] = validate(Config, {"environment": {"id": "A", "backend": value}})
    assert problem.key == "environment.backend"
    assert problem.message == "is not a valid value"
    assert problem.valid == list(BACKENDS)
    assert value != "Unity" or problem.nearest == "unity"
