"""Evaluation of a policy on an environment of its own, with frozen normalisation and its own seed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv
from sb3_contrib import MaskablePPO
from stable_baselines3.common.base_class import BaseAlgorithm

from rl_pipeline.envs.contract import base_env
from rl_pipeline.run.random_state import seed_sampling, undisturbed_randomness

STANDARD_METRICS = ("r", "l", "t")


@dataclass
class Evaluation:
    """What the episodes of an evaluation gave, one entry an episode.

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
        """Give the values that trackers log, under the names of their columns."""
        means = {
            f"eval/{name}": float(np.mean(values))
            for name, values in self.metrics.items()
            if name != "success"
        }
        success = self.metrics.get("success")
        return {
            "eval/mean_reward": self.mean_return,
            "eval/std_reward": float(np.std(self.returns)),
            "eval/mean_ep_length": float(np.mean(self.lengths)),
            **({"eval/success_rate": float(np.mean(success))} if success else {}),
            **means,
        }

    def latest(self) -> dict[str, float]:
        """Give the summary of the last episode alone."""
        metrics = {name: values[-1:] for name, values in self.metrics.items()}
        return Evaluation(self.returns[-1:], self.lengths[-1:], metrics).summary()

    def add(self, episode: Mapping[str, np.ndarray], index: int) -> None:
        """Take the episode that environment `index` just finished from `infos["episode"]`."""
        self.returns.append(float(episode["r"][index]))
        self.lengths.append(int(episode["l"][index]))
        for name, values in episode.items():
            if name not in STANDARD_METRICS and not np.isnan(
                values[index]
            ):  # this episode had no such metric
                self.metrics.setdefault(name, []).append(float(values[index]))


class Actor:
    """A policy acting in a batch of environments, with the memory that recurrent policies need.

    Args:
        model: The model that acts.
        env: The environment it acts in, for the masks of forbidden actions.
        deterministic: Whether to take the most likely action instead of a sample.
    """

    def __init__(self, model: BaseAlgorithm, env: VectorEnv, *, deterministic: bool) -> None:
        self.model = model
        self.env = env
        self.deterministic = deterministic
        self.memory: Any = None
        self.episode_starts = np.ones(env.num_envs, dtype=bool)

    def act(self, observations: Any) -> np.ndarray:
        """Choose an action for every environment."""
        masks = {}
        if isinstance(self.model, MaskablePPO):
            masks["action_masks"] = base_env(self.env).action_masks()
        actions, self.memory = self.model.predict(
            observations, self.memory, self.episode_starts, deterministic=self.deterministic, **masks
        )
        return actions

    def observe_ends(self, dones: np.ndarray) -> None:
        """Forget the memory of environments whose episode ended."""
        self.episode_starts = dones


def evaluate(
    model: BaseAlgorithm, env: VectorEnv, *, n_episodes: int, seed: int, deterministic: bool = True
) -> Evaluation:
    """Run whole episodes and leave no trace in the training.

    Every environment plays its fixed share of the episodes, so that short episodes are not counted more often.

    Args:
        model: The model to evaluate.
        env: A vector environment with episode statistics and frozen normalisation, as `make_evaluation_env` gives.
        n_episodes: Number of episodes in all.
        seed: Seeds the environments and the sampling of actions.
        deterministic: Whether to take the most likely action.
    """
    share = np.full(env.num_envs, n_episodes // env.num_envs)
    share[: n_episodes % env.num_envs] += 1
    result = Evaluation()
    with undisturbed_randomness():
        model.policy.set_training_mode(False)
        seed_sampling(seed)
        actor = Actor(model, env, deterministic=deterministic)
        observations, _ = env.reset(seed=seed)
        while share.any():
            observations, _, terminated, truncated, infos = env.step(actor.act(observations))
            dones = terminated | truncated
            actor.observe_ends(dones)
            for index in np.flatnonzero(dones & (share > 0)).tolist():
                result.add(infos["episode"], index)
                share[index] -= 1
    return result
