from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, VectorEnv

from rl_pipeline.config.environment import Environment
from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.envs.factory import make_vector_env
from rl_pipeline.envs.gymnasium.in_process import InProcessVectorEnv
from rl_pipeline.envs.gymnasium.workers import WorkerVectorEnv
from tests.envs.trajectories import assert_equal, play

OWN_CLASS = """
import gymnasium
import numpy as np


class Lift(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(-1, 1, (3,))
    action_space = gymnasium.spaces.Discrete(2)
    metadata = {"render_modes": ["rgb_array"]}

    def __init__(self, speed=1.0, shape=3, render_mode=None):
        if speed < 0:
            raise ValueError("speed must be positive")
        self.speed, self.shape, self.render_mode = speed, shape, render_mode

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(self.shape, np.float32), {}

    def step(self, action):
        return np.zeros(self.shape, np.float32), self.speed, False, False, {}
"""


@pytest.fixture
def own_class(tmp_path: Path) -> str:
    file = tmp_path / "lift.py"
    file.write_text(OWN_CLASS)
    return f"{file}:Lift"


def make(
    environment_id: str, *, n: int | None = None, seed: int = 0, render: bool = False, **keys: Any
) -> VectorEnv:
    environment = Environment(id=environment_id, **keys)
    return make_vector_env(environment, n_environments=n, seed=seed, render=render)


def refusal(environment_id: str, **keys: Any) -> Problem:
    with pytest.raises(ConfigError) as caught:
        make(environment_id, **keys)
    (problem,) = caught.value.problems
    return problem


def test_environments_are_made_in_this_process_by_default() -> None:
    env = make("CartPole-v1", n_environments=3)
    assert isinstance(env, InProcessVectorEnv)
    assert env.num_envs == 3
    assert env.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    assert make("CartPole-v1", n_environments=3, n=1).num_envs == 1


def test_workers_do_the_same(own_class: str) -> None:
    here = make(own_class, n_environments=2, seed=4, kwargs={"speed": 2.0})
    there = make(own_class, n_environments=2, seed=4, kwargs={"speed": 2.0}, n_workers=2)
    assert isinstance(there, WorkerVectorEnv)
    try:
        assert_equal(play(here, 3), play(there, 3))
        assert there.call("speed") == (2.0, 2.0)
    finally:
        there.close()


def test_the_environments_come_reset_with_the_seed() -> None:
    first, second, other = (make("Pendulum-v1", n_environments=2, seed=seed) for seed in (3, 3, 4))
    actions = np.zeros((2, 1))
    np.testing.assert_array_equal(first.step(actions)[0], second.step(actions)[0])
    assert (first.step(actions)[0] != other.step(actions)[0]).any()
    assert_equal(first.single_action_space.sample(), second.single_action_space.sample())


def test_episode_length_is_an_argument_of_registered_environments() -> None:
    env = make("Pendulum-v1", kwargs={"max_episode_steps": 1})
    assert env.step(np.zeros((1, 1)))[3].tolist() == [True]


def test_only_environment_0_renders(own_class: str) -> None:
    assert make("CartPole-v1", n_environments=2, render_mode="rgb_array").render() == (None,)
    env = make("CartPole-v1", n_environments=2, render=True)
    assert env.call("render_mode") == ("rgb_array", None)
    (frame,) = env.render()
    assert frame.dtype == np.uint8
    env.close()
    assert make(own_class, render=True).render_mode == "rgb_array"


def test_the_backend_mujoco_is_asked_with_all_arguments() -> None:
    env = make("HalfCheetah-v5", backend="mujoco", n_environments=2, kwargs={"num_threads": 1})
    assert env.num_envs == 2
    assert env.single_observation_space.shape == (17,)
    env.close()


def test_an_unknown_environment_is_refused() -> None:
    assert refusal("HalfCheeta-v5").nearest == "HalfCheetah-v5"
    assert refusal("no_such_module:Lift-v0").key == "environment.id"
    assert "FetchReach-v4" in str(refusal("FetchReach-v1"))
    assert "does not exist" in refusal("no/such/file.py:Lift").message


def test_versions_that_need_an_abandoned_package_name_the_newest() -> None:
    problem = refusal("HalfCheetah-v2")
    assert "mujoco-py" in problem.message
    assert problem.remedy == "write HalfCheetah-v5"


def test_a_missing_package_is_named_with_the_command_that_installs_it() -> None:
    assert refusal("GymV21Environment-v0").remedy == 'pip install "shimmy[gym-v21]"'


def test_unknown_arguments_are_refused(own_class: str) -> None:
    assert refusal(own_class, kwargs={"sped": 1.0}).nearest == "speed"
    assert refusal("Pendulum-v1", kwargs={"gg": 9.0}).key == "environment.kwargs.gg"


@pytest.mark.parametrize("n_workers", [0, 1])
def test_a_failing_constructor_is_named_with_its_place(own_class: str, n_workers: int) -> None:
    message = refusal(own_class, kwargs={"speed": -1.0}, n_workers=n_workers).message
    assert "ValueError: speed must be positive" in message
    assert "lift.py" in message


def test_an_observation_of_another_shape_than_said_is_refused(own_class: str) -> None:
    message = refusal(own_class, kwargs={"shape": 1}).message
    assert "observation of shape (1,), but its observation_space says (3,)" in message
