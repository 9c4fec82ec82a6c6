"""The sections `evaluation` and `play`: use of a trained policy."""

from rl_pipeline.config.section import Positive, Section, Seed, Text


class Evaluation(Section):
    """The evaluation of the final policy."""

    num_episodes: Positive = 10
    """Episodes to evaluate."""
    seed: Seed = 1000
    """Seed of the evaluation environments."""
    deterministic: bool = True
    """Take the most likely action instead of a random one."""
    video: bool = True
    """Film the first episode."""


class Play(Section):
    """The trained policy to play."""

    experiment: Text | None = None
    """Run to play: its folder, or its name under the root folder of all runs."""
    pretrained_model: Text | None = None
    """Checkpoint to play, e.g. 'best', 'final' or 'model' (the newest)."""
