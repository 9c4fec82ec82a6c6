"""A simulation in the role of a robot: it runs by itself, or with each command, and executes the latest one."""

from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector import VectorEnv
from rclpy.node import Node
from std_msgs.msg import Float64MultiArray
from std_srvs.srv import SetBool, Trigger

from rl_nodes.robot_topics import RobotTopics, step_seconds
from rl_pipeline.envs.robot_state import find_robot


class RealTime:
    """Steps one environment on a timer with the latest action on `~/action`, zeros before the first one.

    In lockstep, it has no timer: each action makes a step, so that a policy which is triggered by the observation
    acts exactly as in a single process.

    Services: `~/pause` (SetBool), `~/step_once` and `~/reset_episode` (Trigger). The next
    episode starts at once when one ends.

    Args:
        node: Node with the timer, the topic and the services.
        env: One environment with continuous actions.
        topics: Publishes its state after every step.
        factor: Simulated seconds per second; None for lockstep.
        seed: Seed of the first episode, which determines all; None for a random seed.

    Raises:
        ValueError: The factor is not positive, or the actions are not continuous numbers.
    """

    def __init__(
        self, node: Node, env: VectorEnv, topics: RobotTopics, factor: float | None, seed: int | None
    ) -> None:
        if factor is not None and factor <= 0:
            raise ValueError(f"the parameter real_time_factor is {factor}; it must be positive")
        if not isinstance(env.single_action_space, spaces.Box):
            raise ValueError(f"real_time needs continuous actions, not {env.single_action_space}")
        self._logger = node.get_logger()
        self._env = env
        self._topics = topics
        self._space: Any = env.action_space
        self._action = np.zeros(env.action_space.shape or (), np.float64)
        self._paused = False
        node.create_subscription(Float64MultiArray, "~/action", self._obey, 1)
        node.create_service(SetBool, "~/pause", self._pause)
        node.create_service(Trigger, "~/step_once", self._step_once)
        node.create_service(Trigger, "~/reset_episode", self._reset)
        env.reset(seed=seed)
        self._lockstep = factor is None
        if factor is not None:
            node.create_timer(step_seconds(env, find_robot(env)) / factor, self._on_timer)

    def _on_timer(self) -> None:
        if not self._paused:
            self._step()

    def _step(self) -> None:
        action = np.clip(self._action, self._space.low, self._space.high).astype(self._space.dtype)
        observations, rewards, terminated, truncated, _ = self._env.step(action)
        is_over = bool(terminated[0] or truncated[0])
        self._topics.publish(self._env, rewards, observations, episode_starts=is_over)

    def _obey(self, message: Float64MultiArray) -> None:
        numbers = np.asarray(message.data, np.float64)
        if numbers.size != self._action.size or not np.isfinite(numbers).all():
            problem = f"an action was ignored: {numbers.tolist()} are not {self._action.size} finite numbers"
            self._logger.error(problem, throttle_duration_sec=1.0)
            return
        self._action[:] = numbers.reshape(self._action.shape)
        if self._lockstep and not self._paused:
            self._step()

    def _pause(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        self._paused = request.data
        return _done(response, "paused" if request.data else "running")

    def _step_once(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        if not self._paused:
            response.message = "the simulation is running; pause it first"
            return response
        self._step()
        return _done(response, f"simulated time {self._topics.seconds:.3f} s")

    def _reset(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._action[:] = 0.0
        observations, _ = self._env.reset()
        self._topics.publish(self._env, None, observations, episode_starts=True)
        return _done(response, "a new episode has begun")


def _done(response: Any, message: str) -> Any:
    response.success, response.message = True, message
    return response
