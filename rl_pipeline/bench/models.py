"""The compared models and environments, with the same networks for every library."""

from collections.abc import Callable
from typing import Any

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import VecEnv

from rl_pipeline.config.environment import Environment
from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.envs.factory import make_vector_env
from rl_pipeline.learners.sb3.adapter import SB3Adapter
from rl_pipeline.learners.sb3.registry import ALGORITHMS
from rl_pipeline.wrappers.episode_statistics import EpisodeStatistics

NET_ARCH = {"ppo": [64, 64], "sac": [256, 256], "td3": [400, 300], "tqc": [256, 256]}
"""Sizes of SB3's default networks, which other libraries would not choose by themselves."""

MakeEnv = Callable[[str, int, int], VecEnv]
"""Function of environment id, number of environments and threads."""


def make_batched_env(environment: str, n_envs: int, threads: int) -> VecEnv:
    """Make environments of the batched MuJoCo backend.

    Raises:
        ConfigError: The backend does not have the task.
    """
    section = Environment(
        id=environment, backend="mujoco", n_environments=n_envs, kwargs={"num_threads": threads}
    )
    return SB3Adapter(EpisodeStatistics(make_vector_env(section)))


def make_dummy_env(environment: str, n_envs: int, threads: int) -> VecEnv:
    """Make SB3's `DummyVecEnv` of Gymnasium's environments, which steps in one thread."""
    return make_vec_env(environment, n_envs)


def make_model(
    model_class: type[BaseAlgorithm], algorithm: str, env: VecEnv, **parameters: Any
) -> BaseAlgorithm:
    """Make an untrained model on the CPU.

    Args:
        model_class: The class of any library that has SB3's interface.
        algorithm: A key of `NET_ARCH`.
        env: Its environments.
        parameters: Parameters that differ from the defaults.

    Raises:
        ConfigError: The algorithm cannot act in this environment.
    """
    if not ALGORITHMS[algorithm].can_act_in(env.action_space):
        message = f"cannot act in {env.action_space}"
        raise ConfigError(
            [Problem("algorithm", message, value=algorithm, remedy="choose another environment")]
        )
    return model_class(
        "MlpPolicy",
        env,
        seed=0,
        device="cpu",
        policy_kwargs={"net_arch": NET_ARCH[algorithm]},
        **parameters,
    )
