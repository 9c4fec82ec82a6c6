"""Summary of the latest episodes of an SB3 model for a row of the learning curve."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from stable_baselines3.common.base_class import BaseAlgorithm

from rl_pipeline.wrappers.episode_statistics import STANDARD_METRICS


def mean_return(model: BaseAlgorithm) -> float | None:
    """Mean return of the latest episodes; None before the first one ended."""
    episodes = model.ep_info_buffer
    return float(np.mean([episode["r"] for episode in episodes])) if episodes else None


def episode_values(model: BaseAlgorithm) -> dict[str, float]:
    """Average returns, lengths and the task's own metrics over the latest episodes."""
    episodes, successes = list(model.ep_info_buffer or []), list(model.ep_success_buffer or [])
    values = {}
    if episodes:
        values["rollout/ep_rew_mean"] = float(np.mean([episode["r"] for episode in episodes]))
        values["rollout/ep_len_mean"] = float(np.mean([episode["l"] for episode in episodes]))
        for metric in episodes[-1].keys() - set(STANDARD_METRICS):
            present = [
                episode[metric] for episode in episodes if not math.isnan(episode.get(metric, math.nan))
            ]
            if present:
                values[f"episode/{metric}"] = float(np.mean(present))
    if successes:
        values["rollout/success_rate"] = float(np.mean(successes))
    return values


def means(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Average the values of several processes by name, over those that have it."""
    if len(rows) == 1:
        return dict(rows[0])
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: float(np.mean([row[name] for row in rows if name in row])) for name in names}
