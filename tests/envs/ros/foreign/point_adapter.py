"""How the points on a line become an environment."""

from typing import Any

import numpy as np
from gymnasium import spaces
from nav_msgs.srv import GetPlan
from std_srvs.srv import Trigger

from rl_pipeline.envs.ros.foreign import ServiceAdapter, Transition


class Point(ServiceAdapter):
    """A point that is pushed to a goal."""

    step_service = "/point_{index}/step"
    reset_service = "/point_{index}/reset"
    step_type = "nav_msgs/srv/GetPlan"
    reset_type = Trigger
    observation_space = spaces.Box(-10.0, 10.0, (1,), np.float32)
    action_space = spaces.Box(-1.0, 1.0, (1,), np.float32)
    max_episode_steps = 30

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def step_request(self, action: np.ndarray) -> GetPlan.Request:
        """Push."""
        request = GetPlan.Request()
        request.start.pose.position.x = self.gain * float(action[0])
        return request

    def transition(self, response: GetPlan.Response) -> Transition:
        """Read position, reward and end from the plan."""
        position = response.plan.poses[0].pose.position
        return Transition(
            [position.x], position.y, terminated=position.z > 0, metrics={"success": position.z}
        )

    def reset_request(self, seed: int | None) -> Trigger.Request:
        """Ask for a new episode; these points know no randomness."""
        return Trigger.Request()

    def first_observation(self, response: Any) -> list[float]:
        """Read the position."""
        return [float(response.message)]
