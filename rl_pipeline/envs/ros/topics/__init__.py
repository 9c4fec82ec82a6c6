"""Robots behind ROS topics (`backend: ros_topics`)."""

from collections.abc import Mapping

from rl_pipeline.class_path import resolve_class
from rl_pipeline.config.ros_topics import RosTopics
from rl_pipeline.envs.ros.robots import RobotVectorEnv
from rl_pipeline.envs.ros.topics.robots import KEY, TopicRobots
from rl_pipeline.envs.ros.topics.task import TopicTask

__all__ = ["TopicTask", "make_topics_vector_env"]


def make_topics_vector_env(settings: RosTopics, n: int, arguments: Mapping[str, object]) -> RobotVectorEnv:
    """Make environments of `n` robots; `arguments` are the keyword arguments of their tasks.

    Raises:
        ConfigError: The task, a field or a type does not exist.
        SimulationError: A topic or service is missing or silent.
    """
    task = resolve_class(settings.task, TopicTask, f"{KEY}.task")
    robots = TopicRobots(settings, [task(**arguments) for _ in range(n)])
    return RobotVectorEnv(robots, settings.max_episode_steps, settings.max_restarts, KEY)
