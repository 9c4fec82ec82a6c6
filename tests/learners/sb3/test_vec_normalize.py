"""The VecNormalize that is made of our wrappers shows the same observations."""

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

from rl_pipeline.learners.sb3.vec_normalize import as_vec_normalize, save_vec_normalize
from rl_pipeline.wrappers.normalize_observation import NormalizeObservation
from rl_pipeline.wrappers.normalize_reward import NormalizeReward
from tests.without_us import modules_in_pickle, of_ours

SPACES: dict[str, spaces.Space[Any]] = {
    "vector": spaces.Box(-5.0, 5.0, (3,), np.float64),
    "mapping": spaces.Dict(
        joints=spaces.Box(-5.0, 5.0, (3,), np.float32),
        camera=spaces.Box(0, 255, (4, 5, 3), np.uint8),
        mode=spaces.Discrete(3),
    ),
}


class RandomEnv(gymnasium.Env):
    """Observations at random."""

    def __init__(self, space: spaces.Space[Any]) -> None:
        self.observation_space, self.action_space = space, spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        self.observation_space.seed(seed)
        return self.observation_space.sample(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        return self.observation_space.sample(), 3.0 * action, False, False, {}


def vector_env(space: spaces.Space[Any]) -> VectorEnv:
    functions = [lambda: RandomEnv(space)] * 2
    return SyncVectorEnv(functions, autoreset_mode=AutoresetMode.SAME_STEP)


def loaded(env: VectorEnv, space: spaces.Space[Any], folder: Path) -> VecNormalize:
    """Write the file and load it as stock Stable-Baselines3 does, around another number of environments."""
    path = folder / "vecnormalize.pkl"
    save_vec_normalize(env, path)
    assert not of_ours(modules_in_pickle(path.read_bytes()))
    return VecNormalize.load(str(path), DummyVecEnv([lambda: RandomEnv(space)] * 3))


def collect(env: VectorEnv) -> None:
    env.reset(seed=1)
    for _ in range(20):
        env.step(np.array([0, 1]))


@pytest.mark.parametrize("kind", SPACES)
def test_observations_are_the_same_to_the_bit(kind: str, tmp_path: Path) -> None:
    space = SPACES[kind]
    normalizer = NormalizeObservation(vector_env(space), clip=0.8, epsilon=1e-3)
    env = NormalizeReward(normalizer, gamma=0.9, clip=2.0, epsilon=1e-3)
    collect(env)
    theirs = loaded(env, space, tmp_path)
    raw, _ = normalizer.env.reset(seed=7)
    np.testing.assert_equal(theirs.normalize_obs(raw), normalizer.normalize(raw))
    assert theirs.observation_space == space
    assert (theirs.training, theirs.norm_reward) == (False, False)
    theirs.norm_reward = True
    rewards = np.array([0.5, 30.0], np.float32)
    np.testing.assert_allclose(theirs.normalize_reward(rewards), env.normalize(rewards), rtol=1e-6)
    assert (theirs.gamma, theirs.ret_rms.count) == (0.9, env.statistics.count)


def test_a_space_of_a_class_that_cannot_be_imported_is_written(tmp_path: Path) -> None:
    class Positive(spaces.Box):
        """Stands for a class in a user's file."""

    space = Positive(0.0, 5.0, (3,), np.float32)
    theirs = loaded(NormalizeObservation(vector_env(space)), space, tmp_path)
    assert type(theirs.observation_space).__name__ == "Positive"


def test_the_statistics_are_a_copy() -> None:
    normalizer = NormalizeObservation(vector_env(SPACES["vector"]))
    result = as_vec_normalize(normalizer)
    result.obs_rms.update(np.full((4, 3), 100.0))
    assert (normalizer.statistics["observation"].mean == 0).all()


def test_what_is_not_normalised_passes_unchanged(tmp_path: Path) -> None:
    space = SPACES["mapping"]
    theirs = loaded(vector_env(space), space, tmp_path)
    theirs.seed(3)
    first = theirs.reset()
    np.testing.assert_equal(first, theirs.get_original_obs())
    np.testing.assert_equal(theirs.step(np.array([1, 1, 1]))[1], np.full(3, 3.0))
