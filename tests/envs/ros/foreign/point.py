"""Simulated points on a line, each behind a pair of services of standard types; run it as a program.

`/point_<i>/step` (nav_msgs GetPlan) takes a push in start.x and answers with the position, the reward and the end in
x, y and z of the first pose of the plan; `/point_<i>/reset` (std_srvs Trigger) answers with the position as a text.
The environment variable TROUBLE makes it misbehave: empty (a plan without poses), nan, stall.
"""

import contextlib
import os
import sys
import time
from functools import partial
from typing import Any

import rclpy
from geometry_msgs.msg import PoseStamped
from nav_msgs.srv import GetPlan
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from std_srvs.srv import Trigger

GOAL = 0.95
TROUBLE_AFTER = 5


class Points(Node):
    """The points."""

    def __init__(self, n: int) -> None:
        super().__init__("points")
        self.positions = [0.0] * n
        self.steps = 0
        for index in range(n):
            self.create_service(GetPlan, f"/point_{index}/step", partial(self.step, index))
            self.create_service(Trigger, f"/point_{index}/reset", partial(self.reset, index))

    def step(self, index: int, request: Any, response: Any) -> Any:
        self.steps += 1
        trouble = os.environ.get("TROUBLE") if self.steps > TROUBLE_AFTER else None
        if trouble == "stall":
            time.sleep(1000)
        if trouble == "empty":
            return response
        self.positions[index] += 0.1 * request.start.pose.position.x
        pose = PoseStamped()
        pose.pose.position.x = float("nan") if trouble == "nan" else self.positions[index]
        pose.pose.position.y = -abs(GOAL - self.positions[index])
        pose.pose.position.z = float(self.positions[index] >= GOAL)
        response.plan.poses = [pose]
        return response

    def reset(self, index: int, request: Any, response: Any) -> Any:
        self.positions[index] = 0.01 * index
        response.success, response.message = True, str(self.positions[index])
        return response


def main() -> None:
    rclpy.init()
    with contextlib.suppress(KeyboardInterrupt, ExternalShutdownException):
        rclpy.spin(Points(int(sys.argv[1])))


if __name__ == "__main__":
    main()
