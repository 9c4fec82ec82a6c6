"""The configuration as a whole, and its YAML."""

from pydantic import Field

from rl_pipeline.config.cluster import Cluster
from rl_pipeline.config.environment import Environment
from rl_pipeline.config.evaluation import Evaluation, Play
from rl_pipeline.config.experiment import Experiment
from rl_pipeline.config.rules import drop_unused
from rl_pipeline.config.section import Section
from rl_pipeline.config.sweep import Sweep
from rl_pipeline.config.training import Training
from rl_pipeline.config.yaml_dialect import dump_yaml


class Config(Section):
    """The whole configuration of a run."""

    experiment: Experiment = Experiment()
    """Name and seed of the run."""
    environment: Environment
    """The simulator."""
    training: Training = Training()
    """The learning algorithm and its execution."""
    evaluation: Evaluation = Evaluation()
    """The evaluation of the final policy."""
    play: Play = Play()
    """The trained policy to play."""
    sweep: Sweep | None = None
    """A search over settings of this experiment; a single training ignores it."""
    cluster: Cluster | None = Field(default=None, exclude=True)
    """Resources of a job of `train --cluster`; they override the profile, and a run does not store them."""


SECTION_NAMES = tuple(Config.model_fields)


def dump_config(config: Config) -> str:
    """Return YAML with every key written out, which loads back to an equal configuration, floats exact."""
    mapping = config.model_dump()
    drop_unused(mapping)
    return dump_yaml(mapping)
