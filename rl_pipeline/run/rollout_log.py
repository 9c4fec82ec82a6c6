"""The row of the learning curve: what the latest episodes, the update and the clock say."""

import math
from collections.abc import Mapping

import numpy as np
from stable_baselines3.common.base_class import BaseAlgorithm

from rl_pipeline.run.early_stopping import check_finite
from rl_pipeline.run.evaluate import STANDARD_METRICS
from rl_pipeline.tracking.time_split import TimeSplit


def mean_return(model: BaseAlgorithm) -> float | None:
    """Mean return of the latest episodes, None before the first one ended."""
    episodes = model.ep_info_buffer
    return float(np.mean([episode["r"] for episode in episodes])) if episodes else None


def write_row(model: BaseAlgorithm, split: TimeSplit, *, stop_on_nan: bool) -> None:
    """Write a row with SB3's own records, the latest episodes and the time split.

    Raises:
        NonFiniteError: A loss or return is not finite, and `stop_on_nan` asks to refuse that; the row is written.
    """
    logger = model.logger
    for name, value in {**_episode_values(model), **split.values(model.num_timesteps)}.items():
        logger.record(name, value)
    values: Mapping[str, object] = dict(logger.name_to_value)
    logger.dump(step=model.num_timesteps)
    if stop_on_nan:
        check_finite(values)


def _episode_values(model: BaseAlgorithm) -> dict[str, float]:
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
