"""Creation of Gymnasium's environments from the section `environment` of a configuration."""

from rl_pipeline.config.environment import Environment
from rl_pipeline.envs.gymnasium.in_process import InProcessVectorEnv
from rl_pipeline.envs.gymnasium.make import EnvMaker, check_arguments, renders_with_opengl
from rl_pipeline.envs.gymnasium.workers import WorkerVectorEnv
from rl_pipeline.rendering.gl import choose_gl_backend


def make_gymnasium_vector_env(
    environment: Environment, n: int, render_mode: str | None
) -> InProcessVectorEnv | WorkerVectorEnv:
    """Make registered environments or those of a user's class, in this process or in worker processes.

    Raises:
        ConfigError: The environment does not exist, or it does not take the arguments.
        RenderingUnavailable: Pictures are requested, and this machine cannot render.
    """
    check_arguments(environment.id, environment.kwargs)
    if render_mode is not None and renders_with_opengl(environment.id):
        choose_gl_backend()
    makers = [
        EnvMaker(environment.id, environment.kwargs, render_mode if index == 0 else None)
        for index in range(n)
    ]
    if environment.n_workers:
        return WorkerVectorEnv(
            makers,
            min(environment.n_workers, n),
            environment.max_worker_restarts,
            step_timeout=environment.step_timeout,
        )
    return InProcessVectorEnv(makers)
