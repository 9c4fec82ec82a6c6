"""Arguments that an environment has in evaluations alone."""

from typing import Any

import pytest

from rl_pipeline.config.errors import ConfigError
from rl_pipeline.config.loading import load_config_mapping
from rl_pipeline.config.schema import Config
from rl_pipeline.run.environments import make_evaluation_env
from tests.envs.mujoco import push


def config(**evaluation_kwargs: Any) -> Config:
    environment = {
        "id": f"{push.__file__}:Push",
        "backend": "mujoco",
        "n_environments": 2,
        "kwargs": {"tolerance": 0.25},
        "evaluation_kwargs": evaluation_kwargs,
    }
    return load_config_mapping({"environment": environment}).config


def test_an_evaluation_has_its_own_arguments() -> None:
    env = make_evaluation_env(config(tolerance=0.5), 1)
    assert env.unwrapped.get_attr("tolerance") == (0.5,)
    assert make_evaluation_env(config(), 1).unwrapped.get_attr("tolerance") == (0.25,)


def test_a_wrong_argument_is_found_where_it_stands() -> None:
    with pytest.raises(ConfigError, match=r"environment\.evaluation_kwargs\.tolerence"):
        make_evaluation_env(config(tolerence=0.5), 1)
