"""Generalised advantage estimates of a recorded episode."""

import numpy as np
from numpy.typing import NDArray


def estimate_advantages(
    rewards: NDArray[np.float64],
    values: NDArray[np.floating],
    last_value: float,
    *,
    gamma: float,
    gae_lambda: float,
) -> NDArray[np.float32]:
    """Return generalised advantage estimates, https://arxiv.org/abs/1506.02438.

    Args:
        rewards: (T,).
        values: Estimates of the return from each observation but the last, (T,).
        last_value: Estimate from the last observation; 0 where the task ended the episode.
        gamma: Discount factor.
        gae_lambda: Weight of longer estimates, from 0 to 1.

    Returns:
        (T,).
    """
    following = np.append(values[1:], last_value)
    errors = rewards + gamma * following - values
    advantages = np.empty(len(errors), np.float32)
    advantage = 0.0
    for step in range(len(errors) - 1, -1, -1):
        advantage = errors[step] + gamma * gae_lambda * advantage
        advantages[step] = advantage
    return advantages
