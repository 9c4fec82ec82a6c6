"""Evaluation of a policy on a separate environment, with frozen normalisation and its own seed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv

from rl_pipeline.envs.contract import base_env
from rl_pipeline.policies.policy import Policy
from rl_pipeline.policies.rollout import Rollout
from rl_pipeline.wrappers.episode_statistics import STANDARD_METRICS

PREFIX = "eval/"
"""Prefix of the columns of an evaluation in trackers."""


@dataclass
class Evaluation:
    """Results of an evaluation, with one entry per episode.

    Attributes:
        returns: Undiscounted sums of the unnormalised rewards.
        lengths: Timesteps.
        metrics: The task's own metrics, such as success or walked distance.
    """

    returns: list[float] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    metrics: dict[str, list[float]] = field(default_factory=dict)

    @property
    def mean_return(self) -> float:
        """Mean over the episodes."""
        return float(np.mean(self.returns))

    def summary(self) -> dict[str, float]:
        """Return the values that trackers log, by the names of their columns."""
        means = {
            f"{PREFIX}{name}": float(np.mean(values))
            for name, values in self.metrics.items()
            if name != "success"
        }
        success = self.metrics.get("success")
        return {
            "eval/mean_reward": self.mean_return,
            "eval/std_reward": float(np.std(self.returns)),
            "eval/min_reward": float(np.min(self.returns)),
            "eval/max_reward": float(np.max(self.returns)),
            "eval/mean_ep_length": float(np.mean(self.lengths)),
            **({"eval/success_rate": float(np.mean(success))} if success else {}),
            **means,
        }

    def latest(self) -> dict[str, float]:
        """Return the summary of only the last episode."""
        metrics = {name: values[-1:] for name, values in self.metrics.items()}
        return Evaluation(self.returns[-1:], self.lengths[-1:], metrics).summary()

    def add(self, episode: Mapping[str, np.ndarray], index: int) -> None:
        """Add the episode that environment `index` just finished, from `infos["episode"]`."""
        self.returns.append(float(episode["r"][index]))
        self.lengths.append(int(episode["l"][index]))
        for name, values in episode.items():
            if name not in STANDARD_METRICS and not np.isnan(
                values[index]
            ):  # this episode did not have the metric
                self.metrics.setdefault(name, []).append(float(values[index]))


def joined(parts: Sequence[Evaluation]) -> Evaluation:
    """Join evaluations of one policy."""
    whole = Evaluation()
    for part in parts:
        whole.returns += part.returns
        whole.lengths += part.lengths
        for name, values in part.metrics.items():
            whole.metrics.setdefault(name, []).extend(values)
    return whole


def start_rollout(policy: Policy[Any], env: VectorEnv, *, seed: int, deterministic: bool) -> Rollout:
    """Prepare a policy to act in an environment, with the masks of forbidden actions if it needs them."""
    masks = base_env(env).action_masks
    return Rollout(policy, env, seed=seed, deterministic=deterministic, action_masks=masks)


def evaluate(
    policy: Policy[Any],
    env: VectorEnv,
    *,
    n_episodes: int,
    seed: int,
    deterministic: bool = True,
    look: Callable[[], object] | None = None,
) -> Evaluation:
    """Run whole episodes without any effect on the training.

    Every environment plays its fixed share of the episodes, so that short episodes are not counted more often.

    Args:
        policy: The policy to evaluate.
        env: A vector environment with episode statistics and frozen normalisation, as `make_evaluation_env` gives.
        n_episodes: Number of episodes in all.
        seed: Seeds the environments and the sampling of actions.
        deterministic: Whether to take the most likely action.
        look: Function called before every step, to show or film the environment.
    """
    share = np.full(env.num_envs, n_episodes // env.num_envs)
    share[: n_episodes % env.num_envs] += 1
    result = Evaluation()
    with policy.sampling(seed):
        rollout = start_rollout(policy, env, seed=seed, deterministic=deterministic)
        while share.any():
            if look is not None:
                look()
            transition = rollout.step()
            for index in np.flatnonzero(transition.ended & (share > 0)).tolist():
                result.add(transition.infos["episode"], index)
                share[index] -= 1
    return result
