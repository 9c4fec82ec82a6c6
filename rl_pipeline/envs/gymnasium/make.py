"""Creation of single environments: registered Gymnasium ids and users' own `gymnasium.Env` classes."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gymnasium
from gymnasium.envs.registration import load_env_creator

from rl_pipeline.class_path import resolve_class
from rl_pipeline.config.errors import ConfigError
from rl_pipeline.envs.gymnasium.robotics_constants import use_integer_constants
from rl_pipeline.envs.keyword_arguments import unknown_arguments
from rl_pipeline.envs.registry import KEY, find_spec, unknown_environment_problem
from rl_pipeline.rendering.gl import has_display
from rl_pipeline.rendering.mujoco_view import prepare_view

MAKE_ARGUMENTS = ("max_episode_steps",)
"""Arguments of `gymnasium.make` besides those of an environment."""

OPENGL_MODULES = ("gymnasium.envs.mujoco", "gymnasium_robotics")


@dataclass(frozen=True)
class EnvMaker:
    """Makes an environment when it is called; can be sent to another process."""

    environment_id: str
    """Registered id, `module:Id-v0`, `package.module:Class` or `path/to/file.py:Class`."""
    kwargs: dict[str, Any]
    """Keyword arguments of the environment."""
    render_mode: str | None = None
    """`rgb_array`, `human`, or None."""

    def __call__(self) -> gymnasium.Env:
        """Make the environment."""
        render: dict[str, Any] = {} if self.render_mode is None else {"render_mode": self.render_mode}
        if self.render_mode == "rgb_array" and not has_display():
            os.environ.setdefault("SDL_VIDEODRIVER", "dummy")  # pygame would complain of the missing display
        if is_own_class(self.environment_id):
            own_class = resolve_class(self.environment_id, gymnasium.Env, KEY)
            use_integer_constants()
            env = own_class(**self.kwargs, **render)
        else:
            prepare(self.environment_id)
            env = gymnasium.make(self.environment_id, disable_env_checker=True, **self.kwargs, **render)
        renderer = getattr(env.unwrapped, "mujoco_renderer", None)
        if render and renderer is not None and hasattr(renderer, "camera_id"):
            prepare_view(renderer)
        return env


def prepare(environment_id: str) -> None:
    """Register an environment, and fix its package if necessary, so that `gymnasium.make` can make it."""
    find_spec(environment_id)
    use_integer_constants()


def is_own_class(environment_id: str) -> bool:
    """Distinguish `file.py:Class` and `module:Class` from `module:Id-v0`, whose last part is not a Python name."""
    location, _, name = environment_id.rpartition(":")
    return bool(location) and name.isidentifier()


def environment_creator(environment_id: str) -> Callable[..., object]:
    """Return the class or function that makes an environment.

    Raises:
        ConfigError: the environment does not exist.
        ImportError: a package that it needs is not installed.
    """
    if is_own_class(environment_id):
        return resolve_class(environment_id, gymnasium.Env, KEY)
    spec = find_spec(environment_id)
    if spec is None or spec.entry_point is None:
        raise ConfigError([unknown_environment_problem(environment_id)])
    return spec.entry_point if callable(spec.entry_point) else load_env_creator(spec.entry_point)


def check_arguments(environment_id: str, kwargs: dict[str, object]) -> None:
    """Check that an environment exists and takes these keyword arguments.

    Raises:
        ConfigError: the environment does not exist, or does not take an argument.
    """
    creator = environment_creator(environment_id)
    also_valid = () if is_own_class(environment_id) else MAKE_ARGUMENTS
    problems = unknown_arguments(environment_id, creator, kwargs, also_valid)
    if problems:
        raise ConfigError(problems)


def renders_with_opengl(environment_id: str) -> bool:
    """Return whether MuJoCo draws the environment, which needs a choice of the OpenGL backend."""
    bases = getattr(environment_creator(environment_id), "__mro__", ())
    return any(base.__module__.startswith(OPENGL_MODULES) for base in bases)
