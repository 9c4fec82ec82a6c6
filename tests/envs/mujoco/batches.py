"""Batches of simulations for the tests of this folder."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from rl_pipeline.envs.mujoco import make_mujoco_vector_env
from rl_pipeline.envs.mujoco.vector_env import MujocoVectorEnv
from rl_pipeline.policies.observations import as_dict


def make_batch(
    environment_id: str,
    n: int,
    *,
    render_mode: str | None = None,
    randomization: dict[str, Any] | None = None,
    **kwargs: Any,
) -> MujocoVectorEnv:
    environment = SimpleNamespace(id=environment_id, kwargs=kwargs, randomization=randomization)
    return make_mujoco_vector_env(environment, n, render_mode)


def roll(batch: MujocoVectorEnv, steps: int, seed: int = 3) -> list[np.ndarray]:
    """Step with random actions and return observations, rewards and flags of all steps."""
    batch.action_space.seed(seed)
    trajectory: list[np.ndarray] = []
    for _ in range(steps):
        observations, rewards, terminated, truncated, _ = batch.step(batch.action_space.sample())
        trajectory += [*as_dict(observations).values(), rewards, terminated, truncated]
    return trajectory


def assert_same(first: list[np.ndarray], second: list[np.ndarray]) -> None:
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
