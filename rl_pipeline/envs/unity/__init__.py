"""Unity builds over ML-Agents (`backend: unity`): every agent of a behaviour is one environment of the batch."""

from typing import TYPE_CHECKING

from rl_pipeline.config.environment import Environment
from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.unity import Unity

if TYPE_CHECKING:
    from rl_pipeline.envs.unity.vector_env import MLAgentsVectorEnv


def make_mlagents_vector_env(
    environment: Environment, n: int, render_mode: str | None
) -> "MLAgentsVectorEnv":
    """Start the builds that `environment.unity` names, with their agents as environments.

    Raises:
        ConfigError: The build or mlagents-envs is missing, or the settings do not fit the build.
        UnityProcessError: A build does not start.
    """
    settings = environment.unity or Unity()
    # An evaluation may need fewer environments than the training has instances.
    settings = settings.model_copy(update={"n_instances": min(settings.n_instances, n)})
    if settings.build_path is None and settings.n_instances > 1:
        remedy = "set environment.unity.n_instances: 1, or name a build"
        message = "the Unity editor is a single process"
        raise ConfigError([Problem("environment.unity.n_instances", message, remedy=remedy)])
    try:
        from rl_pipeline.envs.unity.vector_env import MLAgentsVectorEnv
    except ImportError as error:
        remedy = "pip install -c constraints.txt -e '.[unity]'"
        raise ConfigError([Problem("environment.backend", str(error), "unity", remedy=remedy)]) from error
    return MLAgentsVectorEnv(settings, n, render_mode)
