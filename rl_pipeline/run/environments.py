"""The environments of a run: for training, for evaluation and for films."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from gymnasium.vector import VectorEnv

from rl_pipeline.config.errors import ConfigError
from rl_pipeline.config.schema import Config
from rl_pipeline.envs.factory import make_vector_env
from rl_pipeline.envs.keyword_arguments import KEY
from rl_pipeline.learners.registry import learner_class
from rl_pipeline.plain_data import StateDict
from rl_pipeline.wrappers.build import find_wrapper, iterate_wrappers, wrap
from rl_pipeline.wrappers.normalize_observation import NormalizeObservation
from rl_pipeline.wrappers.normalize_reward import NormalizeReward

MAX_EVALUATION_ENVIRONMENTS = 10

NORMALIZERS: dict[str, type[NormalizeObservation | NormalizeReward]] = {
    "observation": NormalizeObservation,
    "reward": NormalizeReward,
}


def make_training_env(
    config: Config,
    videos: Path,
    *,
    first_timestep: int = 0,
    seed: int | None = None,
    films: bool = True,
    render: bool = False,
) -> VectorEnv:
    """Make the environment to train in, with all its wrappers.

    Args:
        config: The run's configuration.
        videos: Folder for films of environment 0.
        first_timestep: Timestep from which a run resumes, for the names of the films.
        seed: Seed of the environments; the configuration's by default.
        films: Whether to make the films that the configuration requests.
        render: Whether `render()` returns pictures of the first environment.
    """
    environment = config.environment
    if not films:
        environment = environment.model_copy(update={"video_wrapper": False})
    seed = config.experiment.seed if seed is None else seed
    env = make_vector_env(environment, seed=seed, render=render or environment.video_wrapper)
    return wrap(
        env,
        environment,
        gamma=discount_factor(config),
        training=True,
        video_folder=videos,
        n_timesteps_offset=first_timestep,
    )


def make_evaluation_env(config: Config, n_episodes: int, *, render_mode: str | None = None) -> VectorEnv:
    """Make an environment with frozen normalisation and episode statistics, in this process.

    Its keyword arguments are those of training, with the changes of `environment.evaluation_kwargs`.

    Args:
        config: The run's configuration.
        n_episodes: Number of episodes. The function makes as many environments, but at most ten, and at most the
            number of robots if environments are existing robots. Programs started by hand provide all of theirs.
        render_mode: `rgb_array` or `human` makes a single environment if possible; the first one can be rendered.
    """
    n_environments = 1 if render_mode else min(n_episodes, MAX_EVALUATION_ENVIRONMENTS)
    if config.environment.traits.existing_robots:
        n_environments = min(n_environments, config.environment.n_environments)
    if config.environment.traits.started_by_hand:
        n_environments = config.environment.n_environments
    environment = config.environment.model_copy(
        update={
            "n_environments": n_environments,
            "n_workers": 0,
            "kwargs": {**config.environment.kwargs, **config.environment.evaluation_kwargs},
            "render_mode": render_mode,
            "monitor": True,
            "video_wrapper": False,
        }
    )
    try:
        env = make_vector_env(environment, render=render_mode is not None)
    except ConfigError as error:
        raise _with_places(error, config.environment.evaluation_kwargs) from error
    return wrap(env, environment, training=False)


def _with_places(error: ConfigError, evaluation_kwargs: Collection[str]) -> ConfigError:
    """Return the error with the places of arguments in `environment.evaluation_kwargs`."""
    keys = {f"{KEY}.{name}": f"environment.evaluation_kwargs.{name}" for name in evaluation_kwargs}
    return ConfigError(replace(problem, key=keys.get(problem.key, problem.key)) for problem in error.problems)


def discount_factor(config: Config) -> float:
    """Return the gamma of the configuration, or the default of its algorithm."""
    return learner_class(config.training).discount_factor(config.training)


def normalizer_state(env: VectorEnv) -> StateDict:
    """Capture the running statistics that a policy needs to act; empty without normalisation."""
    found = {name: find_wrapper(env, wrapper) for name, wrapper in NORMALIZERS.items()}
    return {
        name: wrapper.state_dict()["statistics"] for name, wrapper in found.items() if wrapper is not None
    }


def load_normalizer_state(env: VectorEnv, state: StateDict) -> None:
    """Restore the running statistics that `normalizer_state` captured."""
    for name, wrapper_class in NORMALIZERS.items():
        wrapper = find_wrapper(env, wrapper_class)
        if wrapper is not None and name in state:
            wrapper.load_statistics(state[name])


def wrapper_states(env: VectorEnv) -> list[StateDict]:
    """Capture the states of all wrappers, outermost first."""
    return [wrapper.state_dict() for wrapper in _stateful_wrappers(env)]


def load_wrapper_states(env: VectorEnv, states: list[StateDict]) -> None:
    """Restore the states of all wrappers of an environment with the same structure.

    Raises:
        ValueError: The environment has other wrappers.
    """
    wrappers = _stateful_wrappers(env)
    if len(wrappers) != len(states):
        raise ValueError(f"the state holds {len(states)} wrappers, the environment has {len(wrappers)}")
    for wrapper, state in zip(wrappers, states, strict=True):
        wrapper.load_state_dict(state)


def _stateful_wrappers(env: VectorEnv) -> list[Any]:
    return [
        wrapper
        for wrapper in iterate_wrappers(env)
        if wrapper is not env.unwrapped and hasattr(wrapper, "state_dict")
    ]
