"""The section of `environment` that describes a robot behind ROS topics."""

from rl_pipeline.config.section import Section


class RosTopics(Section):
    """A robot behind ROS topics."""
