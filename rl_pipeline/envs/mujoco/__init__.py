"""MuJoCo in this process: batches of simulations, which a thread pool steps and small tasks define."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rl_pipeline.envs.mujoco.vector_env import MujocoVectorEnv


def make_mujoco_vector_env(
    environment: Any, n_environments: int, render_mode: str | None = None
) -> "MujocoVectorEnv":
    """Make a batch of MuJoCo simulations from the section `environment` of a configuration.

    Args:
        environment: Has `id` (a registered task, `package.module:Class` or `path/to/file.py:Class`),
            `kwargs` (arguments of the task, besides `camera`, a mapping, and `num_threads`)
            and `randomization`.
        n_environments: Number of simulations.
        render_mode: How simulation 0 is rendered: `human`, `rgb_array`, `depth_array`, `rgbd_tuple` or None.

    Returns:
        The vector environment, not reset yet.

    Raises:
        ConfigError: The task, one of its arguments, the randomization or the camera is not valid.
        RenderingUnavailable: Pictures are requested, and this machine cannot render.
    """
    from rl_pipeline.envs.mujoco.factory import make_vector_env

    return make_vector_env(environment, n_environments, render_mode)
