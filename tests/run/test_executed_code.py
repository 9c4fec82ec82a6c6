"""What a configuration makes execute."""

import pytest

from rl_pipeline.config.loading import load_config_mapping
from rl_pipeline.config.schema import Config
from rl_pipeline.run.executed_code import executed_by, reached_by


def config(environment: dict[str, object], training: dict[str, object] | None = None) -> Config:
    return load_config_mapping({"environment": environment, "training": training or {}}).config


@pytest.mark.parametrize(
    ("environment", "training", "expected"),
    [
        ({"id": "code/e.py:Env"}, {}, "code/e.py:Env (environment.id)"),
        ({"id": "package.module:Env"}, {}, "package.module:Env (environment.id)"),
        ({"id": "my package/e.py:Env"}, {}, "my package/e.py:Env (environment.id)"),
        ({"id": "module:2048-v0"}, {}, "module:2048-v0 (environment.id)"),
        ({"id": "A-v0", "wrappers": [{"w.py:W": {"a": 1}}]}, {}, "w.py:W (environment.wrappers.0)"),
        ({"id": "A-v0", "kwargs": {"inner": ["m:B-v1"]}}, {}, "m:B-v1 (environment.kwargs.inner.0)"),
        ({"id": "A-v0"}, {"algorithm": "My/algo.py:MyPPO"}, "My/algo.py:MyPPO (training.algorithm)"),
        (
            {"id": "A-v0"},
            {"callbacks": [{"c.py:C": {"a": 1}}]},
            "c.py:C (training.callbacks.0)",
        ),
        (
            {"id": "A-v0"},
            {"architecture": {"features_extractor_class": "n.py:Net"}},
            "n.py:Net (training.architecture.features_extractor_class)",
        ),
        (
            {"id": "A-v0"},
            {"architecture": {"policy_kwargs": {"optimizer_class": "p.q:O"}}},
            "p.q:O (training.architecture.policy_kwargs.optimizer_class)",
        ),
        (
            {"id": "A", "backend": "unity", "unity": {"build_path": "player"}},
            {},
            "player (environment.unity.build_path)",
        ),
        (
            {"id": "A", "backend": "unity_ros", "unity_ros": {"build_path": "player"}},
            {},
            "player (environment.unity_ros.build_path)",
        ),
        (
            {"id": "A", "backend": "unity", "unity": {"other_behaviours": {"B": "r.py:rule"}}},
            {},
            "r.py:rule (environment.unity.other_behaviours.B)",
        ),
        (
            {"id": "A", "backend": "unity", "unity": {"other_behaviours": {"B": {"policy": "walk"}}}},
            {},
            "the run walk (environment.unity.other_behaviours.B.policy)",
        ),
        (
            {"id": "A", "backend": "ros", "ros": {"adapter": "a.py:Adapter"}},
            {},
            "a.py:Adapter (environment.ros.adapter)",
        ),
    ],
)
def test_everything_that_is_executed_is_listed(
    environment: dict[str, object], training: dict[str, object], expected: str
) -> None:
    assert [str(executed) for executed in executed_by(config(environment, training))] == [expected]


def test_what_a_configuration_reaches_is_listed() -> None:
    simulations = config({"id": "A", "backend": "ros", "ros": {"simulations": ["/left", "/right"]}})
    assert [str(one) for one in reached_by(simulations)] == [
        "calls of the ROS services of /left, /right (environment.ros.simulations)"
    ]
    server = config({"id": "A", "backend": "unity_ros", "unity_ros": {"address": "0.0.0.0", "port": 7000}})
    assert [str(one) for one in reached_by(server)] == [
        "a server that listens on 0.0.0.0:7000 (environment.unity_ros.address)"
    ]


def test_registered_names_execute_nothing() -> None:
    plain = {"id": "ALE/Pong-v5", "wrappers": ["frame_stack"]}
    algorithm = {"algorithm": "sac", "training": {"device": "cuda:0"}, "pretrained_model": "wandb:a/b/c"}
    assert executed_by(config(plain, algorithm)) == []
    assert reached_by(config(plain, algorithm)) == []


def test_what_a_job_on_a_cluster_does_around_its_training() -> None:
    cluster = {"cpus": 2, "setup": ["touch attacked"], "environment": {"LD_PRELOAD": "attack.so"}}
    found = executed_by(
        load_config_mapping({"environment": {"id": "CartPole-v1"}, "cluster": cluster}).config
    )
    assert list(map(str, found)) == [
        "['touch attacked'] (cluster.setup)",
        "{'LD_PRELOAD': 'attack.so'} (cluster.environment)",
    ]
