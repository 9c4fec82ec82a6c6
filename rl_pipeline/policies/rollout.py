"""The one loop in which a policy acts in an environment: evaluation, films and play drive it step by step."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.policies.observations import Observation
from rl_pipeline.policies.policy import Policy


class VectorEnv(Protocol):
    """The part of `gymnasium.vector.VectorEnv` that a rollout needs, with autoreset in the same step."""

    num_envs: int

    def reset(self, *, seed: int | None = None) -> tuple[Any, dict[str, Any]]:
        """Start new episodes."""

    def step(
        self, actions: Any
    ) -> tuple[Any, NDArray[Any], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """Step every environment."""


class ActionMasks(Protocol):
    """Gives the actions that are allowed now, (n, choices of all branches)."""

    def __call__(self) -> NDArray[np.bool_]:
        """Return the masks."""


@dataclass(frozen=True)
class Transition:
    """One step of all environments.

    Attributes:
        observations: What the policy saw.
        actions: What it did, (n, ...).
        rewards: (n,).
        terminated: (n,).
        truncated: (n,).
        infos: As the environment returned them; `final_obs` and `episode` of the episodes that ended.
    """

    observations: Observation
    actions: NDArray[Any]
    rewards: NDArray[np.float64]
    terminated: NDArray[np.bool_]
    truncated: NDArray[np.bool_]
    infos: dict[str, Any]

    @property
    def ended(self) -> NDArray[np.bool_]:
        """Which episodes ended with this step, (n,)."""
        return self.terminated | self.truncated


class Rollout:
    """A policy in an environment, from a reset on.

    Args:
        policy: Who acts.
        env: Where.
        seed: Seeds the environments; None continues their random numbers.
        deterministic: Whether to take the most likely actions.
        action_masks: Gives the allowed actions, for policies that need them.

    Attributes:
        observations: What the policy will see next.
    """

    def __init__(
        self,
        policy: Policy[Any],
        env: VectorEnv,
        *,
        seed: int | None,
        deterministic: bool = True,
        action_masks: ActionMasks | None = None,
    ) -> None:
        self._policy = policy
        self._env = env
        self._deterministic = deterministic
        self._action_masks = action_masks if policy.needs_action_masks else None
        self._memory: Any = None
        self._episode_starts: NDArray[np.bool_] = np.ones(env.num_envs, dtype=bool)
        self.observations, _ = env.reset(seed=seed)

    def step(self) -> Transition:
        """Let the policy act once in every environment."""
        seen = self.observations
        actions, self._memory = self._policy.act(
            seen,
            self._memory,
            self._episode_starts,
            deterministic=self._deterministic,
            action_masks=self._action_masks() if self._action_masks else None,
        )
        self.observations, rewards, terminated, truncated, infos = self._env.step(actions)
        transition = Transition(seen, actions, rewards, terminated, truncated, infos)
        self._episode_starts = transition.ended
        return transition
