"""A trained policy whose episodes are recorded, and the environment that it acts in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv

from rl_pipeline.config.environment import Environment, Normalize
from rl_pipeline.config.schema import Config
from rl_pipeline.datasets.episode import Observed
from rl_pipeline.envs.ros.run_name import named_after
from rl_pipeline.errors import RefusedError
from rl_pipeline.learners.device import use_threads
from rl_pipeline.policies.loading import PolicyNeedsMoreError, load_policy
from rl_pipeline.policies.normalizer_file import NORMALIZER, REWARD, read_normalizer
from rl_pipeline.policies.policy import Policy, PolicyFileError
from rl_pipeline.policies.spec import PolicySpec, read_spec
from rl_pipeline.policies.transforms import AppendActions
from rl_pipeline.run.checkpoints import Checkpoint
from rl_pipeline.run.environments import discount_factor, make_evaluation_env
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.metadata import read_metadata
from rl_pipeline.run.trained_policy import open_policy, stored_config
from rl_pipeline.wrappers.base import TrainingWrapper
from rl_pipeline.wrappers.registry import resolve_wrapper

GAE_LAMBDA = 0.95
"""Value for algorithms without a parameter `gae_lambda`; the default of PPO."""


@dataclass(frozen=True)
class Expert:
    """A checkpoint of a run.

    Attributes:
        run: The run.
        checkpoint: The checkpoint.
        config: The run's configuration.
        spec: Data that the policy needs to act.
    """

    run: RunFolder
    checkpoint: Checkpoint
    config: Config
    spec: PolicySpec

    @property
    def name(self) -> str:
        """Identifier that differs from other checkpoints, even later ones of the same name."""
        return f"{self.run.name}/{self.checkpoint.name}@{self.checkpoint.timestep}"

    @property
    def gamma(self) -> float:
        """The discount factor of its training."""
        return discount_factor(self.config)

    @property
    def gae_lambda(self) -> float:
        """The weight of longer estimates of advantages in its training."""
        return float(self.config.training.algorithm_parameters.get("gae_lambda", GAE_LAMBDA))

    def describe(self) -> dict[str, Any]:
        """Return its description for a file of rollouts."""
        return {
            "run": self.run.name,
            "checkpoint": self.checkpoint.name,
            "timestep": self.checkpoint.timestep,
            "algorithm": self.config.training.algorithm,
            "environment": self.config.environment.id,
            "kwargs": self.config.environment.kwargs,
            "gamma": self.gamma,
            "gae_lambda": self.gae_lambda,
            "commit": read_metadata(self.run).get("git_commit"),
        }

    def reward_scale(self) -> float:
        """Return the factor that converts its estimates of returns to unnormalised rewards."""
        path = self.checkpoint.path / NORMALIZER
        statistics = read_normalizer(path).get(REWARD) if path.exists() else None
        if statistics is None:
            return 1.0
        return float(np.sqrt(statistics["var"] + self.config.environment.normalize.epsilon))


def find_expert(run: RunFolder, checkpoint: Checkpoint) -> Expert:
    """Read the description of a checkpoint's policy.

    Raises:
        CheckpointError: The checkpoint is damaged.
        RefusedError: The checkpoint does not describe its policy.
    """
    checkpoint.verify()
    try:
        return Expert(run, checkpoint, stored_config(run), read_spec(checkpoint.path))
    except PolicyFileError as error:
        raise RefusedError(f"{error}; resume its training once with this version") from error


@contextmanager
def open_expert(
    expert: Expert, observed: Observed, n_environments: int
) -> Iterator[tuple[Policy[Any], VectorEnv]]:
    """Open an expert for acting, with its environments.

    Args:
        expert: The expert.
        observed: `raw` leaves out the wrappers that change observations, which the policy then applies itself.
        n_environments: How many environments to make at most.

    Raises:
        RefusedError: The policy cannot act alone.
        ConfigError: The run's configuration does not load any more.
    """
    config, threads = expert.config, expert.config.training.training.n_threads
    if observed == "seen":
        with open_policy(expert.run, expert.checkpoint, n_episodes=n_environments) as trained:
            yield trained.policy, trained.env
        return
    try:
        policy = load_policy(expert.checkpoint.path)
    except (PolicyFileError, PolicyNeedsMoreError) as error:
        raise RefusedError(f"{error}; or record what its networks saw: --observations seen") from error
    raw = config.model_copy(update={"environment": without_transforms(config.environment)})
    with named_after(f"{expert.run.name}_policy"):
        env = make_evaluation_env(raw, n_environments)
    try:
        use_threads(threads, env.single_observation_space)
        yield policy, env
    finally:
        env.close()


def without_transforms(environment: Environment) -> Environment:
    """Return the environment without the wrappers that the policy applies itself."""
    kept = []
    for wrapper in environment.wrappers:
        found = resolve_wrapper(wrapper.name)
        if isinstance(found, type) and issubclass(found, TrainingWrapper):
            kept.append(wrapper)
    return environment.model_copy(update={"wrappers": kept, "normalize": Normalize()})


def remembers_actions(expert: Expert) -> bool:
    """Whether it observes its own actions, which noise would change."""
    return any(isinstance(transform, AppendActions) for transform in expert.spec.transforms)
