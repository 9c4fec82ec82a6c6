"""A trial step of a task, to find its errors before the training starts."""

from collections.abc import Mapping

import numpy as np

from rl_pipeline.envs.mujoco.simulations import Simulations
from rl_pipeline.envs.mujoco.task import Task


def rehearse(task: Task, simulations: Simulations, action: np.ndarray) -> None:
    """Make one environment step and check the task's results; this also binds all fields that it reads.

    Args:
        task: The task.
        simulations: Simulations that were reset.
        action: Actions for all of them.

    Raises:
        ValueError: A method's result has the wrong shape or type; the message names the method.
    """
    n = simulations.n
    task.apply(simulations, action)
    simulations.step()
    task.after_physics(simulations)
    _check("terminated", task.terminated(simulations), n, dtype_kinds="b", ndim=1)
    _check("reward", task.reward(simulations, action), n, ndim=1)
    _check("metrics", task.metrics(simulations), n)
    _check("reset_metrics", task.reset_metrics(simulations), n)
    _check("observe", task.observe(simulations), n)


def _check(method: str, value: object, n: int, *, dtype_kinds: str = "fiub", ndim: int | None = None) -> None:
    arrays = value if isinstance(value, Mapping) else {"": value}
    for key, array in arrays.items():
        place = f"{method}(){f'[{key!r}]' if key else ''}"
        if not isinstance(array, np.ndarray) or array.dtype.kind not in dtype_kinds:
            raise ValueError(f"{place} of the task must return numbers in a NumPy array, not {array!r}")
        if array.ndim < 1 or len(array) != n or (ndim is not None and array.ndim != ndim):
            expected = f"({n},)" if ndim == 1 else f"({n}, ...)"
            raise ValueError(f"{place} of the task returned shape {array.shape}, expected {expected}")
