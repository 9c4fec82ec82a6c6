"""The metric `joint_torque` of Gymnasium's MuJoCo environments."""

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from rl_pipeline.envs.gymnasium.step_metrics import StepMetrics

JOINT_TORQUE = "joint_torque"
"""Name of the metric: mean absolute force of the actuators, N or N m."""


class JointTorque:
    """Collects the actuator forces of several environments in a step.

    Args:
        envs: The environments; if one of them has no actuators, nothing is recorded.
        metrics: The metrics of a step, which get one entry for each environment.
    """

    def __init__(self, envs: Sequence[gymnasium.Env], metrics: StepMetrics) -> None:
        self._robots: list[Any] = [env.unwrapped for env in envs]
        self._metrics = metrics
        n_actuators = min(_count_actuators(robot) for robot in self._robots)
        self._slot = metrics.slot(JOINT_TORQUE) if n_actuators else None
        self._forces: NDArray[np.float64] = np.zeros((len(envs), n_actuators))

    def read(self, index: int) -> None:
        """Read the forces of an environment after its step and before its reset."""
        if self._slot is not None:
            self._forces[index] = self._robots[index].data.actuator_force

    def skip(self, index: int) -> None:
        """Count no force for an environment that was not stepped."""
        self._forces[index] = 0.0

    def record(self) -> None:
        """Write the metric of all environments."""
        if self._slot is not None:
            self._metrics.values[self._slot] = np.abs(self._forces).mean(axis=1)
            self._metrics.mask[self._slot] = True


def _count_actuators(robot: object) -> int:
    """Return the number of actuators of a MuJoCo environment, 0 for any other."""
    forces = getattr(getattr(robot, "data", None), "actuator_force", None)
    return forces.size if isinstance(forces, np.ndarray) else 0
