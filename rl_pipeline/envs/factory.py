"""From the section `environment` of a configuration to a vector environment without wrappers."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import gymnasium
from gymnasium.vector import VectorEnv

from rl_pipeline.config.environment import Environment
from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.yaml_reader import read_yaml
from rl_pipeline.envs.errors import WorkerError
from rl_pipeline.envs.gymnasium.in_process import InProcessVectorEnv
from rl_pipeline.envs.gymnasium.make import EnvMaker, check_arguments, is_own_class, renders_with_opengl
from rl_pipeline.envs.gymnasium.workers import WorkerVectorEnv
from rl_pipeline.envs.registry import dependency_problem
from rl_pipeline.rendering.gl import RenderingUnavailable, choose_gl_backend

MAKERS = {
    "mujoco": "rl_pipeline.envs.mujoco:make_mujoco_vector_env",
    "ros": "rl_pipeline.envs.ros:make_ros_vector_env",
    "ros_topics": "rl_pipeline.envs.ros:make_ros_topics_vector_env",
    "unity": "rl_pipeline.envs.unity:make_mlagents_vector_env",
    "unity_ros": "rl_pipeline.envs.unity_ros:make_unity_ros_vector_env",
}
"""What makes the environments of a backend: called with the section, their number and the render mode."""


def make_vector_env(
    environment: Environment, *, n_environments: int | None = None, seed: int = 0, render: bool = False
) -> VectorEnv:
    """Make the simulators that a configuration names, reset with a seed.

    Args:
        environment: the section of the configuration.
        n_environments: number of environments, where it is not `environment.n_environments`.
        seed: environment i is reset with `seed + i`.
        render: give environment 0 `environment.render_mode`, or `rgb_array` when it says none.

    Returns:
        A vector environment with same-step autoreset and without wrappers.

    Raises:
        ConfigError: there is no such environment, it does not take the arguments, or it cannot be made.
        RenderingUnavailable: pictures are wanted and nothing on this machine can render.
    """
    vector_env = open_vector_env(environment, n_environments=n_environments, render=render)
    with _refusals(environment.id):
        try:
            vector_env.reset(seed=seed)
        except BaseException:
            vector_env.close()
            raise
    vector_env.action_space.seed(seed)
    vector_env.single_action_space.seed(seed)
    return vector_env


def open_vector_env(
    environment: Environment, *, n_environments: int | None = None, render: bool = False
) -> VectorEnv:
    """Make the simulators that a configuration names, for their spaces: no robot moves and nothing is reset.

    Unity scenes are the exception, since a build tells its spaces only after its first reset.

    Args:
        environment: the section of the configuration.
        n_environments: as for `make_vector_env`.
        render: as for `make_vector_env`.

    Raises:
        ConfigError: as for `make_vector_env`.
        RenderingUnavailable: as for `make_vector_env`.
    """
    n = environment.n_environments if n_environments is None else n_environments
    render_mode = (environment.render_mode or "rgb_array") if render else None
    with _refusals(environment.id):
        return _make(environment, n, render_mode)


def _make(environment: Environment, n: int, render_mode: str | None) -> VectorEnv:
    resolved = environment.model_copy(update={"env_config": None, "kwargs": _keyword_arguments(environment)})
    if environment.backend == "gymnasium":
        return _make_gymnasium(resolved, n, render_mode)
    # Imported only here: each backend brings a simulator or ROS with it.
    module, function = MAKERS[environment.backend].split(":")
    make: Callable[[Environment, int, str | None], VectorEnv] = getattr(import_module(module), function)
    return make(resolved, n, render_mode)


def _make_gymnasium(environment: Environment, n: int, render_mode: str | None) -> VectorEnv:
    kwargs = environment.kwargs
    check_arguments(environment.id, kwargs)
    if render_mode is not None and renders_with_opengl(environment.id):
        choose_gl_backend()
    makers = [EnvMaker(environment.id, kwargs, render_mode if index == 0 else None) for index in range(n)]
    if environment.n_workers:
        return WorkerVectorEnv(
            makers,
            min(environment.n_workers, n),
            environment.max_worker_restarts,
            step_timeout=environment.step_timeout,
        )
    return InProcessVectorEnv(makers)


def _keyword_arguments(environment: Environment) -> dict[str, Any]:
    weaker = environment.env_config or {}
    if isinstance(weaker, str):
        document = read_yaml(Path(weaker))
        if document.problems:
            raise ConfigError(document.problems)
        weaker = document.mapping
    return {**weaker, **environment.kwargs}


@contextmanager
def _refusals(environment_id: str) -> Iterator[None]:
    """Turn whatever stops an environment from being made into a refusal of the configuration."""
    try:
        yield
    except (ConfigError, RenderingUnavailable):
        raise
    except Exception as error:
        raise ConfigError([_failure(environment_id, error)]) from error


def _failure(environment_id: str, error: Exception) -> Problem:
    of_provider = isinstance(error, ImportError) and not is_own_class(environment_id)
    if of_provider or isinstance(error, ModuleNotFoundError | gymnasium.error.DependencyNotInstalled):
        return dependency_problem(environment_id, error)
    if isinstance(error, WorkerError):  # it holds the traceback of the worker
        return Problem("environment", f"{environment_id} cannot be made: {error}")
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{frame.filename}:{frame.lineno}"
    return Problem(
        "environment", f"{environment_id} cannot be made: {type(error).__name__}: {error} ({where})"
    )
