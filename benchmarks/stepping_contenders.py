"""The libraries whose stepping is compared: how each is made and stepped."""

import warnings
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import NamedTuple

import gymnasium
import numpy as np
from numpy.typing import NDArray

from rl_pipeline.envs.mujoco import make_mujoco_vector_env

ACTION_SETS = 64
"""Random actions that are drawn beforehand and used in turn."""


class Contender(NamedTuple):
    """Environments under measurement."""

    run: Callable[[int], int]
    """Makes so many batch steps and returns how many environment steps those were."""
    close: Callable[[], None]


def _random_actions(environment: str, n: int) -> NDArray[np.float32]:
    space = gymnasium.make(environment).action_space
    space.seed(0)
    return np.array([[space.sample() for _ in range(n)] for _ in range(ACTION_SETS)])


def _stepper(
    step: Callable[[NDArray[np.float32]], object], actions: NDArray[np.float32]
) -> Callable[[int], int]:
    def run(count: int) -> int:
        for k in range(count):
            step(actions[k % ACTION_SETS])
        return count * actions.shape[1]

    return run


def make_ours(environment: str, n: int, threads: int) -> Contender:
    """The whole `VectorEnv.step` of the batched backend."""
    config = SimpleNamespace(
        id=environment, kwargs={"num_threads": threads}, env_config=None, randomization=None
    )
    envs = make_mujoco_vector_env(config, n)
    envs.reset(seed=0)
    return Contender(_stepper(envs.step, _random_actions(environment, n)), envs.close)


def make_gymnasium(environment: str, n: int, threads: int, *, mode: str) -> Contender:
    """Gymnasium's own vector environments; `mode` is `sync` or `async`."""
    envs = gymnasium.make_vec(environment, n, vectorization_mode=mode)
    envs.reset(seed=0)
    return Contender(_stepper(envs.step, _random_actions(environment, n)), envs.close)


def make_sb3(environment: str, n: int, threads: int) -> Contender:
    """`DummyVecEnv` of Stable-Baselines3, its fastest for these environments."""
    from stable_baselines3.common.vec_env import DummyVecEnv

    envs = DummyVecEnv([partial(gymnasium.make, environment) for _ in range(n)])
    envs.reset()
    return Contender(_stepper(envs.step, _random_actions(environment, n)), envs.close)


def make_envpool(environment: str, n: int, threads: int, *, batch_size: int) -> Contender | None:
    """envpool; with a smaller batch size than n it is asynchronous. None where it is not installed."""
    try:
        import envpool
    except ImportError:
        warnings.warn("envpool is not installed and takes no part", stacklevel=2)
        return None
    envs = envpool.make(
        environment, env_type="gymnasium", num_envs=n, batch_size=batch_size, num_threads=threads, seed=0
    )
    actions = _random_actions(environment, batch_size).astype(np.float64)
    if batch_size == n:
        envs.reset()
        return Contender(_stepper(envs.step, actions), envs.close)
    envs.async_reset()

    def exchange(action: NDArray[np.float64]) -> None:
        envs.send(action, envs.recv()[4]["env_id"])

    return Contender(_stepper(exchange, actions), envs.close)


def make_envpool_sync(environment: str, n: int, threads: int) -> Contender | None:
    """envpool, all n at a time."""
    return make_envpool(environment, n, threads, batch_size=n)


def make_envpool_async(environment: str, n: int, threads: int) -> Contender | None:
    """envpool, whichever n/2 are done first."""
    return make_envpool(environment, n, threads, batch_size=n // 2)


CONTENDERS: dict[str, Callable[[str, int, int], Contender | None]] = {
    "rl-pipeline": make_ours,
    "envpool sync": make_envpool_sync,
    "envpool async": make_envpool_async,
    "SB3 Dummy": make_sb3,
    "Gymnasium sync": partial(make_gymnasium, mode="sync"),
    "Gymnasium async": partial(make_gymnasium, mode="async"),
}
