"""A grasp without a policy: over the object, down, close, and to the goal. It shows what a gripper can do."""

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.envs.mujoco.grasping.motion import STEP
from rl_pipeline.envs.mujoco.grasping.task import Grasp
from rl_pipeline.envs.mujoco.observations import Observation
from rl_pipeline.policies.observations import as_dict

LOWERING, CLOSING, CARRYING = 10, 18, 28
"""Environment steps of an episode at which the phases start."""
GAIN = 0.5
CARRYING_GAIN = 0.2
"""Parts of the remaining way that an environment step makes."""


class ScriptedGrasp:
    """Acts on the observations of a task whose gripper points down.

    Args:
        task: The task.
        lift: Metres to lift the object straight up; None to bring it to its goal.
    """

    def __init__(self, task: Grasp, lift: float | None = None) -> None:
        self.task = task
        self.lift = lift
        self._places: NDArray[np.float64] | None = None

    def act(self, observation: Observation, step: int) -> NDArray[np.float32]:
        """Return the actions, (n, size of an action).

        Args:
            observation: Of n simulations, whose episodes run side by side.
            step: How many steps these episodes have made.
        """
        parts = as_dict(observation)
        grip, place, goal = (parts[key][:, :3] for key in ("observation", "achieved_goal", "desired_goal"))
        if step == 0 or self._places is None:
            lifted = place + [0.0, 0.0, self.lift or 0.0]
            self._places = goal.copy() if self.lift is None else lifted
        if step < LOWERING:
            way = GAIN * (place - grip) * [1.0, 1.0, 0.0]
        elif step < CLOSING:
            way = GAIN * (place - grip)
        elif step < CARRYING:
            way = np.zeros_like(grip)
        else:
            way = CARRYING_GAIN * (self._places - place)
        is_open = step < CLOSING
        control = self.task.gripper.open_control if is_open else self.task.gripper.closed_control
        return self.task.action_of(way / STEP, control)
