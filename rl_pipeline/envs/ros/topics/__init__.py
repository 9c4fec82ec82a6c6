"""Robots behind ROS topics (`backend: ros_topics`); the policy node uses all of it but `robots.py`."""

from rl_pipeline.envs.ros.topics.task import TopicTask

__all__ = ["TopicTask"]
