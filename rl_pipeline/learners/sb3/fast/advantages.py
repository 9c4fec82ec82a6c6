"""Generalised advantage estimation over a rollout buffer."""

import numpy as np
from stable_baselines3.common.buffers import RolloutBuffer


def compute_advantages(buffer: RolloutBuffer, last_values: np.ndarray, dones: np.ndarray) -> None:
    """Fill `advantages` and `returns` of a full buffer, to the bit as SB3 does.

    Generalised advantage estimation (Schulman et al. 2015, arXiv:1506.02438, equation 16). Only the recurrence
    runs step by step; everything else is computed for the whole rollout at once.

    Args:
        buffer: A full buffer that has not been flattened yet.
        last_values: Values of the observations after the last step, shape (n_envs,).
        dones: Whether an episode ended at the last step, shape (n_envs,).
    """
    not_ended = 1.0 - np.concatenate([buffer.episode_starts[1:], dones[None].astype(np.float32)])
    next_values = np.concatenate([buffer.values[1:], last_values[None]])
    delta = buffer.rewards + buffer.gamma * next_values * not_ended - buffer.values
    decay = buffer.gamma * buffer.gae_lambda * not_ended
    advantage = np.zeros(buffer.n_envs, np.float32)
    for step in reversed(range(buffer.buffer_size)):
        advantage = delta[step] + decay[step] * advantage
        buffer.advantages[step] = advantage
    buffer.returns = buffer.advantages + buffer.values
