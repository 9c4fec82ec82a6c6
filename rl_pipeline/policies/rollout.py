"""The loop in which a policy acts in an environment, for evaluation, films, play and collection."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.policies.observations import Observation, select_rows
from rl_pipeline.policies.policy import Policy


class VectorEnv(Protocol):
    """The part of `gymnasium.vector.VectorEnv` that a rollout needs, with autoreset in the same step."""

    num_envs: int

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start new episodes."""

    def step(
        self, actions: Any
    ) -> tuple[Any, NDArray[Any], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """Step every environment."""


class ActionMasks(Protocol):
    """Returns the currently allowed actions, (n, choices of all branches)."""

    def __call__(self) -> NDArray[np.bool_]:
        """Return the masks."""


@dataclass(frozen=True)
class Transition:
    """One step of all environments.

    Attributes:
        observations: The policy's observations.
        actions: The executed actions, (n, ...).
        means: The policy's actions, (n, ...); `actions` are these with noise, if there is any.
        values: The policy's estimates of the return, (n,); None if they were not requested or do not exist.
        final_values: Estimates for the last observations of the episodes that ended; None if none ended.
        rewards: (n,).
        terminated: (n,).
        truncated: (n,).
        infos: As the environment returned them; `final_obs` and `episode` of the episodes that ended.
    """

    observations: Observation
    actions: NDArray[Any]
    means: NDArray[Any]
    values: NDArray[Any] | None
    final_values: NDArray[Any] | None
    rewards: NDArray[np.float64]
    terminated: NDArray[np.bool_]
    truncated: NDArray[np.bool_]
    infos: dict[str, Any]

    @property
    def ended(self) -> NDArray[np.bool_]:
        """Whether the episodes ended with this step, (n,)."""
        return self.terminated | self.truncated


class Rollout:
    """A policy in an environment, from a reset on.

    Args:
        policy: The policy.
        env: The environment.
        seed: Seeds the environments; None continues their random numbers.
        deterministic: Whether to take the most likely actions.
        action_masks: Returns the allowed actions, for policies that need them.
        add_noise: Adds noise to the policy's actions, (n, ...).
        with_values: Whether to compute the policy's estimates of the return.

    Attributes:
        observations: The policy's next observations.
    """

    def __init__(
        self,
        policy: Policy[Any],
        env: VectorEnv,
        *,
        seed: int | None,
        deterministic: bool = True,
        action_masks: ActionMasks | None = None,
        add_noise: Callable[[NDArray[Any]], NDArray[Any]] | None = None,
        with_values: bool = False,
    ) -> None:
        self._policy = policy
        self._env = env
        self._deterministic = deterministic
        self._action_masks = action_masks if policy.needs_action_masks else None
        self._add_noise = add_noise
        self._with_values = with_values
        self._memory: Any = None
        self._episode_starts: NDArray[np.bool_] = np.ones(env.num_envs, dtype=bool)
        self.observations, _ = env.reset(seed=seed)

    def restart(self, seeds: Sequence[int | None]) -> None:
        """Start new episodes in some environments; the others continue.

        Args:
            seeds: Seeds of the environments that start new episodes, None for the others.
        """
        chosen = np.array([seed is not None for seed in seeds])
        fresh, _ = self._env.reset(seed=list(seeds), options={"reset_mask": chosen})
        self.observations = select_rows(chosen, fresh, self.observations)
        self._episode_starts = self._episode_starts | chosen

    def step(self) -> Transition:
        """Let the policy act once in every environment."""
        seen, starts = self.observations, self._episode_starts
        values = self._policy.values(seen, self._memory, starts) if self._with_values else None
        means, self._memory = self._policy.act(
            seen,
            self._memory,
            starts,
            deterministic=self._deterministic,
            action_masks=self._action_masks() if self._action_masks else None,
        )
        actions = self._add_noise(means) if self._add_noise else means
        self.observations, rewards, terminated, truncated, infos = self._env.step(actions)
        final_values = self._final_values(infos) if values is not None else None
        transition = Transition(
            seen, actions, means, values, final_values, rewards, terminated, truncated, infos
        )
        self._episode_starts = transition.ended
        return transition

    def _final_values(self, infos: dict[str, Any]) -> NDArray[Any] | None:
        if "final_obs" not in infos:
            return None
        return self._policy.values(infos["final_obs"], self._memory, np.zeros(self._env.num_envs, dtype=bool))
