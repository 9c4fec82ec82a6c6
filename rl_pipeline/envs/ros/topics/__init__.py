"""Robots behind ROS topics (`backend: ros_topics`); the policy node uses everything except `robots.py`."""

from rl_pipeline.envs.ros.topics.task import TopicTask

__all__ = ["TopicTask"]
