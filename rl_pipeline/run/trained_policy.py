"""A policy taken out of a run's folder, in an environment that it can act in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from gymnasium.vector import VectorEnv

from rl_pipeline.config.loading import load_config
from rl_pipeline.config.schema import Config
from rl_pipeline.envs.ros.run_name import named_after
from rl_pipeline.learners.device import use_threads
from rl_pipeline.learners.learner import Learner
from rl_pipeline.learners.registry import learner_class
from rl_pipeline.policies.policy import Policy
from rl_pipeline.run.checkpoints import Checkpoint
from rl_pipeline.run.environments import make_evaluation_env
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.training_state import load_policy, load_statistics
from rl_pipeline.run.trust import require_trust
from rl_pipeline.run.user_code import find_user_code


@dataclass
class TrainedPolicy:
    """A policy and an environment.

    Attributes:
        config: The configuration of its run.
        learner: What learned it, with the checkpoint's networks.
        env: An environment with the checkpoint's frozen statistics.
    """

    config: Config
    learner: Learner
    env: VectorEnv

    @property
    def policy(self) -> Policy[Any]:
        """The policy."""
        return self.learner.policy

    def load(self, checkpoint: Checkpoint) -> None:
        """Take the networks and statistics of a checkpoint.

        Raises:
            CheckpointError: It is damaged or of another run.
        """
        checkpoint.verify()
        load_policy(checkpoint, self.learner)
        load_statistics(checkpoint, self.env)


@contextmanager
def open_policy(
    run: RunFolder, checkpoint: Checkpoint, *, n_episodes: int = 1, render_mode: str | None = None
) -> Iterator[TrainedPolicy]:
    """Open a run's policy for acting.

    Networks and statistics are read without executing anything. The environment and the classes of the networks are
    those that the run's configuration names: a run executes its files in `code/`, and programs, as `executed_by`
    lists them. For a run that was downloaded this must be allowed; see `rl_pipeline.run.trust`.

    Args:
        run: The run.
        checkpoint: Which of its checkpoints.
        n_episodes: For how many episodes environments are needed.
        render_mode: `rgb_array` or `human` to look at a single environment.

    Raises:
        CheckpointError: The checkpoint is damaged.
        ConfigError: The run's configuration does not load any more, or it was downloaded and executes code that is
            not trusted.
    """
    config = stored_config(run)
    require_trust(config, run.path)
    with named_after(f"{run.name}_policy"):
        env = make_evaluation_env(config, n_episodes, render_mode=render_mode)
    try:
        use_threads(config.training.training.n_threads, env.single_observation_space)
        policy = TrainedPolicy(config, acting_learner(config, env), env)
        policy.load(checkpoint)
        yield policy
    finally:
        env.close()


def acting_learner(config: Config, env: VectorEnv) -> Learner:
    """Build the learner of a run, untrained and without room for experience, for an environment."""
    return learner_class(config.training).for_acting(config.training, env, seed=config.evaluation.seed)


def stored_config(run: RunFolder) -> Config:
    """Read the resolved configuration of a run.

    Raises:
        ConfigError: It was altered or written by an incompatible version.
    """
    return find_user_code(load_config(run.config, default_file=None).config, run)
