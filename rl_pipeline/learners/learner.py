"""The interface of learners, through which `run/` trains, evaluates, saves and resumes a policy."""

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
    """Raised when a loss, a return or a parameter became NaN or infinite; the message names it."""

    exit_status = FAILED


class UnsavedStateError(UserError):
    """Raised when a learner has state that a checkpoint cannot store; the message names it and the remedy."""

    exit_status = FAILED


class Fault(NamedTuple):
    """A value that is not finite, returned by an environment."""

    environment: int
    step: int
    """Steps of the batch since `Learner.start`, including this one."""
    what: str


@dataclass(frozen=True)
class IterationLength:
    """Length of an iteration.

    Attributes:
        timesteps: Timesteps summed over the environments; None if whole episodes are collected.
        text: Description of its parts.
    """

    timesteps: int | None
    text: str

    def __str__(self) -> str:
        """Return its form in messages."""
        return self.text if self.timesteps is None else f"{self.text} = {self.timesteps:,}"


@dataclass(frozen=True)
class Description:
    """Description of a learner for the user before the training starts.

    Attributes:
        networks: Widths of its networks, and number of parameters.
        device: Its device.
        iteration: Length of an iteration.
    """

    networks: str
    device: str
    iteration: IterationLength


class LearnedPolicy(Policy[Memory]):
    """The policy of a learner, which loads the files that the learner wrote."""

    @abstractmethod
    def load(self, folder: Path) -> None:
        """Load the files of `Learner.write_policy`. Nothing in the files is executed: they may be untrusted.

        Raises:
            PolicyFileError: A file is damaged or belongs to another policy.
        """

    def network(self) -> "ActingNetwork":
        """Return the policy as a torch module, for `rl-pipeline export`.

        Raises:
            CannotExportError: The policy is not a module, or cannot be converted to a graph.
        """
        from rl_pipeline.learners.acting_network import CannotExportError

        raise CannotExportError(
            f"{type(self).__name__} cannot be exported: it needs a method network() that returns an "
            "ActingNetwork of rl_pipeline.learners.acting_network"
        )


class Learner(ABC):
    """Learns a policy in an environment.

    A training calls `start` once and then `iterate` until enough timesteps are done. Between two iterations, it may
    evaluate `policy`, write the files of the policy, and capture `state_dict`. A learner that was built in the same
    way and started, and that loads these files and this state, continues bit-exactly: they contain everything that
    the next iteration depends on, apart from the environment and the generators of Python, NumPy and torch, which
    are saved with every checkpoint.

    Args:
        training: The `training` section of the configuration; `algorithm_parameters` belong to the learner.
        env: The training environment with its wrappers, not yet reset.
        seed: Seeds all random numbers of the learner.
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
            observation_space: Observation space of one environment, after all wrappers.
            action_space: Action space of one environment.

        Raises:
            ConfigError: The section names something that does not exist.
        """

    @classmethod
    def check(cls, training: Training, environment: Environment | None) -> list[Problem]:
        """Return the problems in the learner's part of a configuration that fits the schema.

        Args:
            training: The `training` section.
            environment: The `environment` section; None if it is malformed.
        """
        return []

    @classmethod
    def check_spaces(
        cls, training: Training, environment: Environment, observation: Space, action: Space
    ) -> list[Problem]:
        """Return the problems of one environment's spaces for the learner."""
        return []

    @classmethod
    def experience_bytes(
        cls, training: Training, environment: Environment, observation: int, action: int
    ) -> dict[str, int]:
        """Estimate the memory of experience, by the configuration key that determines it.

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
        """Return the name of what loads the policy's files without `rl_pipeline`; None if there is none."""
        return None

    @classmethod
    def check_parallel(cls, training: Training) -> list[Problem]:
        """Return the reasons why several ranks cannot train a configuration; see `join`."""
        message, remedy = "cannot be trained by several ranks", "start the training in one process"
        return [Problem("training.algorithm", message, training.algorithm, remedy=remedy)]

    def join(self, ranks: Ranks) -> None:
        """Train together with other processes from now on: start from the same state, and make the same updates.

        Called before `start`, if `check_parallel` found no problems. From then on, `timesteps` counts those of all
        ranks, and every rank takes part in each call of `iterate` and `take_metrics`.
        """
        raise NotImplementedError(f"{type(self).__name__} cannot be trained by several ranks")

    def restart_episodes(self, seed: int) -> None:
        """Start new episodes after `load_state_dict` if those of the checkpoint cannot be continued."""
        raise NotImplementedError(f"{type(self).__name__} cannot begin new episodes")

    def start(self) -> None:
        """Reset the environment and prepare the first iteration."""
        self.env.reset(seed=self.seed)

    @property
    @abstractmethod
    def timesteps(self) -> int:
        """Timesteps of the training, summed over the environments, or recorded timesteps that were used."""

    @abstractmethod
    def iterate(self, on_phase: Callable[[Phase], object]) -> None:
        """Collect experience and learn from it once.

        Args:
            on_phase: Called when the collection and the update start, to measure their time.
        """

    @property
    @abstractmethod
    def policy(self) -> LearnedPolicy[Any]:
        """The current policy. It follows the learner's updates; the learner continues from what it loads."""

    @abstractmethod
    def take_metrics(self) -> dict[str, float]:
        """Return the values of a row of the curve, e.g. `train/loss` and `rollout/ep_rew_mean`, and clear them."""

    @property
    def mean_return(self) -> float | None:
        """Mean return of the latest episodes; None before the first one ended."""
        return None

    @abstractmethod
    def check_finite(self) -> None:
        """Refuse a policy with broken parameters.

        Raises:
            NonFiniteError: A parameter is NaN or infinite.
        """

    @property
    def first_fault(self) -> Fault | None:
        """The first NaN or infinity that an environment returned; None until then."""
        return None

    @abstractmethod
    def describe(self) -> Description:
        """Describe the learner for the user."""

    @abstractmethod
    def write_policy(self, folder: Path) -> None:
        """Write the files for `LearnedPolicy.load`: the networks and the optimizers.

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
        """Load the policy of an older version from a folder, and write it to another folder in the present format.

        Raises:
            PolicyFileError: A file is damaged or does not fit this learner.
        """
        self.policy.load(source)
        self.write_policy(target)

    @abstractmethod
    def state_dict(self) -> StateDict:
        """Return as plain data the state that the next iteration needs and `write_policy` does not write.

        Raises:
            UnsavedStateError: Something cannot be saved.
        """

    @abstractmethod
    def load_state_dict(self, state: StateDict) -> None:
        """Restore the result of `state_dict`; tuples have become lists.

        Raises:
            AttributeError, KeyError, TypeError or ValueError: The state belongs to another learner.
        """

    def experience_dict(self) -> StateDict | None:
        """Return stored experience as plain data, or None; it is large, and saving it is optional."""
        return None

    def load_experience_dict(self, state: StateDict) -> None:
        """Restore the result of `experience_dict`; see `load_state_dict`."""
        raise ValueError(f"{type(self).__name__} stores no experience")
