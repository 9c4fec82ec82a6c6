"""Application of all wrappers of an environment, in the correct order."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from gymnasium.vector import VectorEnv, VectorWrapper

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.wrappers.episode_statistics import EpisodeStatistics
from rl_pipeline.wrappers.normalize_observation import NormalizeObservation
from rl_pipeline.wrappers.normalize_reward import NormalizeReward
from rl_pipeline.wrappers.record_video import RecordVideo
from rl_pipeline.wrappers.registry import resolve_wrapper

if TYPE_CHECKING:
    from rl_pipeline.config.class_spec import ClassSpec
    from rl_pipeline.config.environment import Environment

W = TypeVar("W", bound=VectorEnv)


def wrap(
    env: VectorEnv,
    environment: "Environment",
    *,
    gamma: float = 0.99,
    training: bool = True,
    video_folder: Path | None = None,
    n_timesteps_offset: int = 0,
) -> VectorEnv:
    """Apply the wrappers of a configuration.

    From the inside out: films of the simulator itself; the user's wrappers in the order of their list;
    episode statistics, which see every truncation and the task's own rewards; normalisation of observations,
    then of rewards.

    Args:
        env: The vector environment.
        environment: The configuration's section `environment`.
        gamma: The learner's discount factor, for the normalisation of rewards.
        training: False makes an environment for evaluation: observation statistics are frozen (take them from the
            training environment), rewards are unchanged, and nothing is filmed.
        video_folder: Folder for films; None for no films.
        n_timesteps_offset: Timesteps of the run before it was resumed.

    Raises:
        ConfigError: A wrapper is unknown or refuses its arguments or this environment.
    """
    if training and environment.video_wrapper and video_folder is not None:
        env = RecordVideo(
            env,
            video_folder,
            trigger=environment.video_trigger,
            length=environment.video_length,
            n_timesteps_offset=n_timesteps_offset,
        )
    for index, wrapper in enumerate(environment.wrappers):
        env = _put_on(env, wrapper, f"environment.wrappers.{index}")
    if environment.monitor:
        env = EpisodeStatistics(env)
    normalize = environment.normalize
    if normalize.observation:
        env = _normalize_observation(env, environment, training)
    if normalize.reward and training:
        env = NormalizeReward(env, gamma=gamma, clip=normalize.clip_reward, epsilon=normalize.epsilon)
    return env


def iterate_wrappers(env: VectorEnv) -> Iterator[VectorEnv]:
    """Yield the wrappers from the outermost inwards, and finally the wrapped environment."""
    while isinstance(env, VectorWrapper):
        yield env
        env = env.env
    yield env


def find_wrapper(env: VectorEnv, wrapper_class: type[W]) -> W | None:
    """Return the outermost wrapper of a class, or None."""
    return next((layer for layer in iterate_wrappers(env) if isinstance(layer, wrapper_class)), None)


def _put_on(env: VectorEnv, wrapper: "ClassSpec", key: str) -> VectorEnv:
    wrapper_class = resolve_wrapper(wrapper.name, key)
    if isinstance(wrapper_class, Problem):
        raise ConfigError([wrapper_class])
    try:
        return wrapper_class(env, **wrapper.arguments)
    except (TypeError, ValueError) as error:
        problem = Problem(f"{key}.{wrapper.name}", str(error), wrapper.arguments)
        raise ConfigError([problem]) from error


def _normalize_observation(env: VectorEnv, environment: "Environment", training: bool) -> VectorEnv:
    normalize = environment.normalize
    try:
        return NormalizeObservation(
            env, clip=normalize.clip_observation, epsilon=normalize.epsilon, training=training
        )
    except ValueError as error:
        remedy = "set environment.normalize.observation: false"
        raise ConfigError(
            [Problem("environment.normalize.observation", str(error), True, remedy=remedy)]
        ) from error
