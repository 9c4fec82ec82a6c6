"""The interface of everything that learns a policy: `run/` trains, evaluates, saves and resumes through it."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from gymnasium import Space
from gymnasium.vector import VectorEnv

from rl_pipeline.config.environment import Environment
from rl_pipeline.config.errors import Problem
from rl_pipeline.config.training import Training
from rl_pipeline.errors import FAILED, UserError
from rl_pipeline.learners.parallel.ranks import Ranks
from rl_pipeline.plain_data import StateDict
from rl_pipeline.policies.policy import Memory, Policy

if TYPE_CHECKING:
    from rl_pipeline.learners.acting_network import ActingNetwork

MODEL, VEC_NORMALIZE, POLICY = "model.zip", "vecnormalize.pkl", "policy.npz"
"""Files that `write_policy` may write: the first two by Stable-Baselines3, the last by any other learner."""

Phase = Literal["collect", "update"]


class NonFiniteError(UserError):
    """A loss, a return or a parameter became NaN or infinite; the text names it."""

    exit_status = FAILED


class UnsavedStateError(UserError):
    """A learner holds state that no checkpoint would keep; the text names it and the remedy."""

    exit_status = FAILED


class Fault(NamedTuple):
    """Something that is not finite, returned by an environment."""

    environment: int
    step: int
    """Steps of the batch since `Learner.start`, this one included."""
    what: str


@dataclass(frozen=True)
class IterationLength:
    """How much experience an iteration takes.

    Attributes:
        timesteps: Timesteps summed over the environments; None if whole episodes are collected.
        text: How it comes about.
    """

    timesteps: int | None
    text: str

    def __str__(self) -> str:
        """Write it for a message."""
        return self.text if self.timesteps is None else f"{self.text} = {self.timesteps:,}"


@dataclass(frozen=True)
class Description:
    """What a user reads about a learner before the training starts.

    Attributes:
        networks: Widths of its networks, and number of parameters.
        device: What it computes on.
        iteration: Length of an iteration.
    """

    networks: str
    device: str
    iteration: IterationLength


class LearnedPolicy(Policy[Memory]):
    """The policy of a learner, which loads the files that the learner wrote."""

    @abstractmethod
    def load(self, folder: Path) -> None:
        """Load what `Learner.write_policy` wrote. Nothing in the files is executed: they may come from elsewhere.

        Raises:
            PolicyFileError: A file is damaged or belongs to another policy.
        """

    def network(self) -> "ActingNetwork":
        """Return what it computes as a module of torch, for `rl-pipeline export`.

        Raises:
            CannotExportError: It is no module, or cannot become a graph.
        """
        from rl_pipeline.learners.acting_network import CannotExportError

        raise CannotExportError(
            f"{type(self).__name__} does not say what it computes: it needs a method network() that returns an "
            "ActingNetwork of rl_pipeline.learners.acting_network"
        )


class Learner(ABC):
    """Learns a policy in an environment.

    A training calls `start` once and then `iterate` until enough timesteps are done. Between two iterations it may
    evaluate `policy`, write the files of the policy, and capture `state_dict`. A learner that was built alike and
    started, and that loads these files and this state, continues bit-identically: everything that the next iteration
    depends on is in them, apart from the environment and the generators of Python, NumPy and torch, which are saved
    with every checkpoint.

    Args:
        training: The `training` section of the configuration; `algorithm_parameters` belong to the learner.
        env: The training environment with its wrappers, not yet reset.
        seed: Seeds whatever the learner draws.
    """

    def __init__(self, training: Training, env: VectorEnv, *, seed: int) -> None:
        self.training = training
        self.env = env
        self.seed = seed

    @classmethod
    @abstractmethod
    def for_acting(
        cls, training: Training, observation_space: Space[Any], action_space: Space[Any]
    ) -> LearnedPolicy[Any]:
        """Build an untrained policy that acts after its `load`, on the CPU and without an environment.

        Args:
            training: The `training` section of the configuration.
            observation_space: Of one environment, after all wrappers.
            action_space: Of one environment.

        Raises:
            ConfigError: The section names something that does not exist.
        """

    @classmethod
    def check(cls, training: Training, environment: Environment | None) -> list[Problem]:
        """List what is wrong with the learner's part of a configuration that fits the schema.

        Args:
            training: The `training` section.
            environment: The `environment` section; None if it is not known, since it is malformed.
        """
        return []

    @classmethod
    def check_spaces(
        cls, training: Training, environment: Environment, observation: Space, action: Space
    ) -> list[Problem]:
        """List what the learner cannot use of the spaces of one environment."""
        return []

    @classmethod
    def experience_bytes(
        cls, training: Training, environment: Environment, observation: int, action: int
    ) -> dict[str, int]:
        """Estimate the memory that experience takes, by the key of the configuration that it grows with.

        Args:
            training: The `training` section.
            environment: The `environment` section.
            observation: Bytes of an observation.
            action: Bytes of an action.
        """
        return {}

    @classmethod
    def discount_factor(cls, training: Training) -> float:
        """Return the discount factor with which rewards are normalised."""
        return float(training.algorithm_parameters.get("gamma", 0.99))

    @classmethod
    def stock_loader(cls, training: Training) -> str | None:
        """Name what loads the policy's files where `rl_pipeline` is not installed, None if nothing does."""
        return None

    @classmethod
    def check_parallel(cls, training: Training) -> list[Problem]:
        """List why several ranks cannot train what a configuration describes; see `join`."""
        message, remedy = "cannot be trained by several ranks", "start the training in one process"
        return [Problem("training.algorithm", message, training.algorithm, remedy=remedy)]

    def join(self, ranks: Ranks) -> None:
        """Learn together with other processes from now on: begin alike, and make the same updates.

        Called before `start`, where `check_parallel` found nothing. From then on `timesteps` counts those of all
        ranks, and every rank takes part in each call of `iterate` and `take_metrics`.
        """
        raise NotImplementedError(f"{type(self).__name__} cannot be trained by several ranks")

    def restart_episodes(self, seed: int) -> None:
        """Begin new episodes after `load_state_dict`, where those of the checkpoint cannot be continued."""
        raise NotImplementedError(f"{type(self).__name__} cannot begin new episodes")

    def start(self) -> None:
        """Reset the environment and prepare the first iteration."""
        self.env.reset(seed=self.seed)

    @property
    @abstractmethod
    def timesteps(self) -> int:
        """Timesteps that were trained, summed over the environments, or recorded ones that were learned from."""

    @abstractmethod
    def iterate(self, on_phase: Callable[[Phase], object]) -> None:
        """Collect experience and learn from it once.

        Args:
            on_phase: Is told when the collection and the update start, to measure their time.
        """

    @property
    @abstractmethod
    def policy(self) -> LearnedPolicy[Any]:
        """The policy as it is now. It follows what the learner learns; the learner continues from what it loads."""

    @abstractmethod
    def take_metrics(self) -> dict[str, float]:
        """Return the values of a row of the curve, e.g. `train/loss` and `rollout/ep_rew_mean`, and forget them."""

    @property
    def mean_return(self) -> float | None:
        """Mean return of the latest episodes, None before the first one ended."""
        return None

    @abstractmethod
    def check_finite(self) -> None:
        """Refuse to keep a policy that is broken.

        Raises:
            NonFiniteError: A parameter is NaN or infinite.
        """

    @property
    def first_fault(self) -> Fault | None:
        """The first NaN or infinity that an environment returned, None as long as there was none."""
        return None

    @abstractmethod
    def describe(self) -> Description:
        """Describe the learner for the user."""

    @abstractmethod
    def write_policy(self, folder: Path) -> None:
        """Write the files that `LearnedPolicy.load` needs: what is learned, and what optimizes it.

        Raises:
            OSError: The disk is full.
        """

    def load_pretrained(self, file: Path) -> None:
        """Start from the policy of another training.

        Args:
            file: Its `model.zip`; a learner with other files finds them in the same folder.

        Raises:
            PolicyFileError: A file is damaged or does not fit this learner.
        """
        self.policy.load(file.parent)

    def convert_policy(self, source: Path, target: Path) -> None:
        """Load the policy that an older version wrote into a folder, and write it into another one as of today.

        Raises:
            PolicyFileError: A file is damaged or does not fit this learner.
        """
        self.policy.load(source)
        self.write_policy(target)

    @abstractmethod
    def state_dict(self) -> StateDict:
        """Return as plain data what the next iteration depends on and `write_policy` does not write.

        Raises:
            UnsavedStateError: Something cannot be saved.
        """

    @abstractmethod
    def load_state_dict(self, state: StateDict) -> None:
        """Restore what `state_dict` returned; tuples are lists now.

        Raises:
            AttributeError, KeyError, TypeError or ValueError: It is the state of another learner.
        """

    def experience_dict(self) -> StateDict | None:
        """Return stored experience as plain data, or None; it is large, and users may choose not to save it."""
        return None

    def load_experience_dict(self, state: StateDict) -> None:
        """Restore what `experience_dict` returned; see `load_state_dict`."""
        raise ValueError(f"{type(self).__name__} stores no experience")
