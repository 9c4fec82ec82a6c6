"""Creation of a vector environment from the section `environment` of a configuration."""

import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.section import Section
from rl_pipeline.config.translation import validate
from rl_pipeline.envs.keyword_arguments import KEY, unknown_arguments
from rl_pipeline.envs.mujoco.cameras import CameraConfig
from rl_pipeline.envs.mujoco.randomization import RandomizationConfig
from rl_pipeline.envs.mujoco.registry import task_class
from rl_pipeline.envs.mujoco.task import Task
from rl_pipeline.envs.mujoco.vector_env import MujocoVectorEnv
from rl_pipeline.rendering.gl import choose_gl_backend

BATCH_KWARGS = ("camera", "num_threads")

SomeSection = TypeVar("SomeSection", bound=Section)


class EnvironmentConfig(Protocol):
    """The part of `environment` that this backend reads."""

    id: str
    kwargs: dict[str, object]
    randomization: dict[str, object] | None


def make_vector_env(
    environment: EnvironmentConfig, n_environments: int, render_mode: str | None
) -> MujocoVectorEnv:
    """Make the vector environment; see `rl_pipeline.envs.mujoco.make_mujoco_vector_env`."""
    kwargs = dict(environment.kwargs)
    camera = checked(CameraConfig, kwargs.pop("camera", None), f"{KEY}.camera")
    randomization = checked(RandomizationConfig, environment.randomization, "environment.randomization")
    num_threads = _num_threads(kwargs.pop("num_threads", None))
    task = make_task(environment.id, kwargs)
    if render_mode is not None or camera is not None:
        choose_gl_backend()
    try:
        return MujocoVectorEnv(
            task,
            n_environments,
            render_mode,
            num_threads=num_threads,
            randomization=randomization,
            camera=camera,
        )
    except OSError as error:
        raise ConfigError([Problem(KEY, str(error))]) from error


def make_task(environment_id: str, kwargs: Mapping[str, object]) -> Task:
    """Make the task of an environment id with keyword arguments from YAML.

    Raises:
        ConfigError: The task does not exist, does not take an argument, or needs another one.
    """
    cls = task_class(environment_id)
    if problems := unknown_arguments(environment_id, cls, kwargs, also_valid=BATCH_KWARGS):
        raise ConfigError(problems)
    try:
        inspect.signature(cls).bind(**kwargs)
    except TypeError as error:
        raise ConfigError([Problem(KEY, f"{environment_id}: {error}")]) from error
    return cls(**kwargs)


def checked(section: type[SomeSection], value: Any, key: str) -> SomeSection | None:
    """Check the mapping under `key`; None stays None.

    Raises:
        ConfigError: The mapping has unknown keys or wrong values.
    """
    if value is None:
        return None
    model, problems = validate(section, value)
    if problems:
        raise ConfigError(replace(problem, key=_joined(key, problem.key)) for problem in problems)
    return model


def _joined(*keys: str) -> str:
    return ".".join(key for key in keys if key)


def _num_threads(value: object) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0):
        return value
    raise ConfigError([Problem(f"{KEY}.num_threads", "must be a positive integer", value)])
