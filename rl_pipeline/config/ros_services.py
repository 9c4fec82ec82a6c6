"""The section of `environment` that describes simulations behind ROS services."""

from rl_pipeline.config.section import Section


class RosServices(Section):
    """Simulations behind ROS services."""
