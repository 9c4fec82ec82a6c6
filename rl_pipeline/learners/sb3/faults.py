"""Detection of the environment that returned NaN or infinity, before losses and other observations contain it."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv

from rl_pipeline.learners.learner import Fault
from rl_pipeline.wrappers.build import find_wrapper
from rl_pipeline.wrappers.normalize_observation import NormalizeObservation
from rl_pipeline.wrappers.normalize_reward import NormalizeReward


class FaultFinder:
    """Records the first step that returned a value that is not finite, before it is normalised.

    Args:
        env: The environment with its wrappers.

    Attributes:
        first: The first fault; None until then.
    """

    def __init__(self, env: VectorEnv) -> None:
        self.first: Fault | None = None
        self._steps = 0
        self._observations = find_wrapper(env, NormalizeObservation)
        self._rewards = find_wrapper(env, NormalizeReward)

    def look(self, observations: Any, rewards: np.ndarray) -> None:
        """Check the results of a step, unless a fault is known."""
        self._steps += 1
        if self.first is not None:
            return
        if self._rewards is not None:
            rewards = self._rewards.raw_rewards
        if self._observations is not None:
            observations = self._observations.raw_obs
        self._look_at("reward", rewards)
        if isinstance(observations, Mapping):
            for key, part in observations.items():
                self._look_at(f"observation['{key}']", part)
        else:
            self._look_at("observation", observations)

    def _look_at(self, name: str, batch: np.ndarray) -> None:
        if batch.dtype not in (np.float32, np.float64):
            return
        flat = batch.reshape(-1)
        # A sum is much faster than `isfinite`; it is also infinite for huge finite numbers. `np.dot` would wake the
        # threads of OpenBLAS for large batches, and they spin while the simulator needs the cores.
        if math.isfinite(flat.sum()) or np.isfinite(flat).all():
            return
        rows = flat.reshape(len(batch), -1)
        environment = int(np.flatnonzero(~np.isfinite(rows).all(axis=1))[0])
        row = rows[environment]
        value = row[~np.isfinite(row)][0]
        self.first = self.first or Fault(environment, self._steps, f"{name} {value}")
