"""Creation of a vector environment without wrappers from the section `environment` of a configuration."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module

import gymnasium
from gymnasium.vector import VectorEnv

from rl_pipeline.config.environment import BACKENDS, Environment
from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.envs.errors import WorkerError
from rl_pipeline.envs.gymnasium.make import is_own_class
from rl_pipeline.envs.registry import dependency_problem
from rl_pipeline.rendering.gl import RenderingUnavailable


def make_vector_env(
    environment: Environment, *, n_environments: int | None = None, seed: int = 0, render: bool = False
) -> VectorEnv:
    """Make the simulators that a configuration names, reset with a seed.

    Args:
        environment: the section of the configuration.
        n_environments: number of environments, if it differs from `environment.n_environments`.
        seed: environment i is reset with `seed + i`.
        render: make environment 0 with `environment.render_mode`, or with `rgb_array` if that is not set.

    Returns:
        A vector environment with same-step autoreset and without wrappers.

    Raises:
        ConfigError: the environment does not exist, does not take the arguments, or cannot be made.
        RenderingUnavailable: pictures are requested, and this machine cannot render.
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
    """Make the simulators that a configuration names, only for their spaces: no robot moves, and nothing is reset.

    Unity scenes are the exception, since a build reports its spaces only after its first reset.

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
    module, function = BACKENDS[environment.backend].maker.split(":")
    make: Callable[[Environment, int, str | None], VectorEnv] = getattr(import_module(module), function)
    return make(environment, n, render_mode)


@contextmanager
def _refusals(environment_id: str) -> Iterator[None]:
    """Convert any error while an environment is made to a refusal of the configuration."""
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
    if isinstance(error, WorkerError):  # it contains the traceback of the worker
        return Problem("environment", f"{environment_id} cannot be made: {error}")
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{frame.filename}:{frame.lineno}"
    return Problem(
        "environment", f"{environment_id} cannot be made: {type(error).__name__}: {error} ({where})"
    )
