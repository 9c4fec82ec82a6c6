"""The contenders of `bench stepping`, and how each is made and stepped."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import gymnasium
import numpy as np
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from rl_pipeline.config.environment import Environment
from rl_pipeline.envs.factory import make_vector_env
from rl_pipeline.envs.gymnasium.make import prepare

ACTION_SETS = 64
"""Number of random actions, which are drawn in advance and used in turn."""
MOST_OBJECTS = 64
"""Maximum number of environments with a Python object or process each; making thousands takes minutes."""
OURS = "rl-pipeline"


class Contender(NamedTuple):
    """Environments under measurement."""

    run: Callable[[int], int]
    """Makes this many batch steps and returns the number of environment steps."""
    close: Callable[[], None]


MakeContender = Callable[[str, int, int], Contender | None]
"""Function of environment id, number of environments and threads; returns None for contenders that do not apply."""


def random_actions(environment: str, n: int) -> NDArray[np.float32]:
    """Draw actions for n environments, shape (`ACTION_SETS`, n, action_dim)."""
    prepare(environment)
    space = batch_space(gymnasium.make(environment).action_space, n)
    space.seed(0)
    return np.array([space.sample() for _ in range(ACTION_SETS)])


def stepper(step: Callable[[np.ndarray], object], actions: np.ndarray) -> Callable[[int], int]:
    """Return the `run` of a contender, which uses the actions in turn."""

    def run(count: int) -> int:
        for k in range(count):
            step(actions[k % ACTION_SETS])
        return count * actions.shape[1]

    return run


def make_ours(environment: str, n: int, threads: int) -> Contender:
    """Make the batched backend, of which the whole `VectorEnv.step` is measured."""
    section = Environment(id=environment, backend="mujoco", n_environments=n, kwargs={"num_threads": threads})
    envs = make_vector_env(section)
    return Contender(stepper(envs.step, random_actions(environment, n)), envs.close)


def make_gymnasium(environment: str, n: int, threads: int, *, mode: str) -> Contender | None:
    """Make Gymnasium's own vector environment; `mode` is `sync` or `async` (a process per environment)."""
    if n > MOST_OBJECTS:
        return None
    prepare(environment)
    envs = gymnasium.make_vec(environment, n, vectorization_mode=mode)
    envs.reset(seed=0)
    return Contender(stepper(envs.step, random_actions(environment, n)), envs.close)


def make_sb3(environment: str, n: int, threads: int) -> Contender | None:
    """Make `DummyVecEnv` of Stable-Baselines3, its fastest for MuJoCo environments."""
    if n > MOST_OBJECTS:
        return None
    from stable_baselines3.common.vec_env import DummyVecEnv

    prepare(environment)
    envs = DummyVecEnv([partial(gymnasium.make, environment) for _ in range(n)])
    envs.reset()
    return Contender(stepper(envs.step, random_actions(environment, n)), envs.close)


CONTENDERS: Mapping[str, MakeContender] = {
    OURS: make_ours,
    "SB3 Dummy": make_sb3,
    "Gymnasium sync": partial(make_gymnasium, mode="sync"),
    "Gymnasium async": partial(make_gymnasium, mode="async"),
}
