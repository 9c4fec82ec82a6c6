"""The configuration as a whole."""

from rl_pipeline.config.environment import Environment
from rl_pipeline.config.evaluation import Evaluation, Play
from rl_pipeline.config.experiment import Experiment
from rl_pipeline.config.section import Section
from rl_pipeline.config.training import Training


class Config(Section):
    """Everything that a run is made from."""

    experiment: Experiment = Experiment()
    """What the run is called and the seed that it starts from."""
    environment: Environment
    """The simulator."""
    training: Training = Training()
    """The learning algorithm and how it is run."""
    evaluation: Evaluation = Evaluation()
    """The evaluation of the final policy."""
    play: Play = Play()
    """Which trained policy to watch."""


SECTION_NAMES = tuple(Config.model_fields)
