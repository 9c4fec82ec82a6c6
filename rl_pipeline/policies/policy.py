"""The interface of every policy: an SB3 model, an ONNX file, a rule."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.policies.observations import Observation
from rl_pipeline.policies.transforms import Chain, State

Memory = TypeVar("Memory")
"""Memory of a policy between two steps: hidden states, frames; None before the first step."""


class PolicyFileError(Exception):
    """Raised for a policy's file that is missing, damaged, or belongs to another policy."""


class Policy(ABC, Generic[Memory]):
    """Chooses actions for a batch of observations.

    Attributes:
        needs_action_masks: Whether `act` needs masks of the allowed actions.
        has_memory: Whether an action depends on more than the present observation; `act` then returns a memory.
    """

    needs_action_masks: bool = False
    has_memory: bool = False

    @abstractmethod
    def act(
        self,
        observations: Observation,
        memory: Memory | None,
        episode_starts: NDArray[np.bool_],
        *,
        deterministic: bool = True,
        action_masks: NDArray[np.bool_] | None = None,
    ) -> tuple[NDArray[Any], Memory | None]:
        """Choose an action for every row.

        Args:
            observations: A batch of n observations.
            memory: Memory from the previous call; None at first.
            episode_starts: Rows with the first observation of an episode, (n,); their memory is cleared.
            deterministic: Whether to take the most likely action instead of a sample.
            action_masks: Allowed actions, (n, choices of all branches).

        Returns:
            The actions, (n, ...), and the memory for the next call.
        """

    def values(
        self, observations: Observation, memory: Memory | None, episode_starts: NDArray[np.bool_]
    ) -> NDArray[Any] | None:
        """Estimate the return from every row on, in the units of the rewards of the training.

        Args:
            observations: As for `act`.
            memory: As for `act`; it is not changed.
            episode_starts: As for `act`.

        Returns:
            The estimates, (n,); None for a policy without a value function.
        """
        return None

    @contextmanager
    def sampling(self, seed: int) -> Iterator[None]:
        """Seed the samples inside the block, without an effect on other random numbers."""
        yield


class StandalonePolicy(Policy[tuple[list[State], Memory | None]]):
    """A policy that applies the transforms of its training itself, so that it acts on raw observations.

    Args:
        policy: Policy that acts on transformed observations.
        transforms: Transforms of its environment in training, the innermost first.

    Attributes:
        policy: The policy without the transforms.
    """

    def __init__(self, policy: Policy[Memory], transforms: Chain) -> None:
        self.policy = policy
        self._transforms = transforms
        self.needs_action_masks = policy.needs_action_masks
        self.has_memory = policy.has_memory or transforms.has_state

    def act(
        self,
        observations: Observation,
        memory: tuple[list[State], Memory | None] | None,
        episode_starts: NDArray[np.bool_],
        *,
        deterministic: bool = True,
        action_masks: NDArray[np.bool_] | None = None,
    ) -> tuple[NDArray[Any], tuple[list[State], Memory | None]]:
        """See `Policy.act`; the observations are raw."""
        states, inner = memory or ([], None)
        seen, states = self._transforms.observe(observations, states, episode_starts)
        actions, inner = self.policy.act(
            seen, inner, episode_starts, deterministic=deterministic, action_masks=action_masks
        )
        return actions, (self._transforms.record(actions, states), inner)

    def values(
        self,
        observations: Observation,
        memory: tuple[list[State], Memory | None] | None,
        episode_starts: NDArray[np.bool_],
    ) -> NDArray[Any] | None:
        """See `Policy.values`; the observations are raw."""
        states, inner = memory or ([], None)
        seen, _ = self._transforms.observe(observations, states, episode_starts)
        return self.policy.values(seen, inner, episode_starts)

    @contextmanager
    def sampling(self, seed: int) -> Iterator[None]:
        """See `Policy.sampling`."""
        with self.policy.sampling(seed):
            yield
