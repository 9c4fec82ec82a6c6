"""A policy taken out of a run's folder, in an environment that it can act in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from gymnasium.vector import VectorEnv
from stable_baselines3.common.base_class import BaseAlgorithm

from rl_pipeline.config.loading import load_config
from rl_pipeline.config.schema import Config
from rl_pipeline.config.training import Training
from rl_pipeline.envs.ros.run_name import named_after
from rl_pipeline.learners.sb3.adapter import SB3Adapter
from rl_pipeline.learners.sb3.build import build_model, require
from rl_pipeline.learners.sb3.parameters import valid_parameters
from rl_pipeline.learners.sb3.policy import SB3Policy
from rl_pipeline.learners.sb3.registry import find_algorithm
from rl_pipeline.run.checkpoints import Checkpoint
from rl_pipeline.run.device import use_threads
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
        model: The model with the checkpoint's networks.
        env: An environment with the checkpoint's frozen statistics.
    """

    config: Config
    model: BaseAlgorithm
    env: VectorEnv

    @property
    def policy(self) -> SB3Policy:
        """The model as a policy."""
        return SB3Policy(self.model)

    def load(self, checkpoint: Checkpoint) -> None:
        """Take the networks and statistics of a checkpoint.

        Raises:
            CheckpointError: It is damaged or of another run.
        """
        checkpoint.verify()
        load_policy(checkpoint, self.model)
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
        policy = TrainedPolicy(config, acting_model(config, env), env)
        policy.load(checkpoint)
        yield policy
    finally:
        env.close()


def acting_model(config: Config, env: VectorEnv) -> BaseAlgorithm:
    """Build the model of a run, untrained and without room for experience, for an environment."""
    parameters = _small_buffers(config.training)
    training = config.training.model_copy(update={"algorithm_parameters": parameters})
    return build_model(training, SB3Adapter(env), seed=config.evaluation.seed, device="cpu")


def stored_config(run: RunFolder) -> Config:
    """Read the resolved configuration of a run.

    Raises:
        ConfigError: It was altered or written by an incompatible version.
    """
    return find_user_code(load_config(run.config, default_file=None).config, run)


def _small_buffers(training: Training) -> dict[str, Any]:
    """Shrink the buffers of experience, which a policy that only acts does not need."""
    algorithm = require(find_algorithm(training.algorithm))
    valid = valid_parameters(algorithm.model_class)
    parameters = dict(training.algorithm_parameters)
    if "buffer_size" in valid:
        parameters["buffer_size"] = 1
    elif {"n_steps", "batch_size"} <= valid.keys():
        parameters["n_steps"] = parameters.get("batch_size", valid["batch_size"].default)
    return parameters
