import pytest
from gymnasium import spaces
from stable_baselines3.common.base_class import BaseAlgorithm

from rl_pipeline.config.errors import Problem
from rl_pipeline.learners.sb3.registry import ALGORITHMS, Algorithm, find_algorithm

VECTOR = spaces.Box(-1, 1, (3,))
IMAGE = spaces.Box(0, 255, (36, 36, 3), dtype="uint8")
GOAL = spaces.Dict({"observation": VECTOR, "desired_goal": VECTOR})


@pytest.mark.parametrize(
    ("spelling", "name"),
    [("PPO", "ppo"), ("QR-DQN", "qrdqn"), ("recurrent_ppo", "recurrentppo"), ("MaskablePPO", "maskableppo")],
)
def test_every_spelling_finds_the_algorithm(spelling: str, name: str) -> None:
    found = find_algorithm(spelling)
    assert isinstance(found, Algorithm)
    assert found.name == name


def test_an_unknown_algorithm_gives_the_nearest() -> None:
    problem = find_algorithm("pppo")
    assert isinstance(problem, Problem)
    assert problem.nearest == "ppo"
    assert "sac" in problem.valid


@pytest.mark.parametrize("name", sorted(ALGORITHMS))
def test_the_policy_follows_the_observation_space(name: str) -> None:
    algorithm = ALGORITHMS[name]
    for space in (VECTOR, IMAGE, GOAL):
        assert algorithm.policy_for(space) in algorithm.model_class.policy_aliases
    if name != "ars":  # it has no policy for images or mappings
        assert algorithm.policy_for(VECTOR).startswith("Mlp")
    if name not in ("ars", "crossq"):
        assert algorithm.policy_for(GOAL).startswith("MultiInput")
        assert algorithm.policy_for(IMAGE).startswith("Cnn")


@pytest.mark.parametrize("name", sorted(ALGORITHMS))
def test_the_action_spaces_are_those_that_the_class_takes(name: str) -> None:
    algorithm = ALGORITHMS[name]
    assert issubclass(algorithm.model_class, BaseAlgorithm)
    for space in (VECTOR, spaces.Discrete(2), spaces.MultiDiscrete([2, 2]), spaces.MultiBinary(3)):
        assert algorithm.can_act_in(space) == _accepts(algorithm, space)


def _accepts(algorithm: Algorithm, space: spaces.Space) -> bool:
    import gymnasium
    import numpy as np
    from stable_baselines3.common.vec_env import DummyVecEnv

    class Idle(gymnasium.Env):
        observation_space = VECTOR
        action_space = space

        def reset(self, **kwargs: object) -> tuple[np.ndarray, dict]:
            return np.zeros(3, np.float32), {}

    parameters = {"buffer_size": 1} if algorithm.family == "off_policy" else {}
    try:
        algorithm.model_class(algorithm.policy_for(VECTOR), DummyVecEnv([Idle]), **parameters)
    except AssertionError:
        return False
    return True
