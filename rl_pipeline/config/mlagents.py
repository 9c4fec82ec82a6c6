"""The section of `environment` that describes A Unity build with ML-Agents."""

from rl_pipeline.config.section import Section


class MLAgents(Section):
    """A Unity build with ML-Agents."""
