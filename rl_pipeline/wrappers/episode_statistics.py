"""Return, length, wall time and the task's own metrics of each finished episode."""

import time

import numpy as np
from gymnasium.vector import VectorEnv
from numpy.typing import NDArray

from rl_pipeline.plain_data import StateDict
from rl_pipeline.policies.observations import Observation
from rl_pipeline.wrappers.base import Infos, ResetOptions, StepResult, TrainingWrapper, finished, reset_mask
from rl_pipeline.wrappers.metric_table import MetricTable

SUCCESS_METRICS = ("is_success", "success")
POSITION_METRIC = "x_position"
STANDARD_METRICS = ("r", "l", "t")
"""Return, length and wall time, which every episode has."""


class EpisodeStatistics(TrainingWrapper):
    """Report each finished episode in `infos["episode"]`, a dict of arrays of shape (num_envs,).

    Only rows where `infos["_episode"]` is true are valid, and both are present only in steps that end an
    episode:

    - `r`: return, the sum of rewards, float64
    - `l`: length in timesteps, int64
    - `t`: wall time in seconds, float64
    - `<metric>_mean`, `<metric>_final`: mean over the episode and last value of each numeric metric in the
      environments' infos; NaN if an episode did not have it
    - `success`: 1.0 or 0.0, whether the episode's last step had `is_success` (or `success`); a goal that was
      reached and lost again is not a success
    - `distance`: x_position at the end minus x_position after the first step, for environments that report it

    Place it inside the normalisers, so that it sees the task's own rewards.

    Args:
        env: The vector environment.
    """

    def __init__(self, env: VectorEnv) -> None:
        super().__init__(env)
        self._returns: NDArray[np.float64] = np.zeros(self.num_envs)
        self._lengths: NDArray[np.int64] = np.zeros(self.num_envs, dtype=np.int64)
        self._starts: NDArray[np.float64] = np.full(self.num_envs, time.perf_counter())
        self._metrics = MetricTable(self.num_envs)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: ResetOptions = None
    ) -> tuple[Observation, Infos]:
        """Reset the environments and start new episodes."""
        self._begin(reset_mask(options, self.num_envs))
        return self.env.reset(seed=seed, options=options)  # type: ignore[arg-type]

    def step(self, actions: np.ndarray) -> StepResult:
        """Step the environments and report the episodes that ended."""
        observation, rewards, terminated, truncated, infos = self.env.step(actions)
        self._returns += rewards
        self._lengths += 1
        self._metrics.add(infos)
        done = finished(terminated, truncated)
        if done.any():
            infos["episode"] = self._report()
            infos["_episode"] = done
            self._begin(done)
        return observation, rewards, terminated, truncated, infos

    def state_dict(self) -> StateDict:
        """Return the sums of the running episodes; wall time continues from the seconds that have passed."""
        return {
            "returns": self._returns.copy(),
            "lengths": self._lengths.copy(),
            "seconds": time.perf_counter() - self._starts,
            "metrics": self._metrics.state_dict(),
        }

    def load_state_dict(self, state: StateDict) -> None:
        """Restore a state of `state_dict`."""
        self._returns = np.array(state["returns"], dtype=np.float64)
        self._lengths = np.array(state["lengths"], dtype=np.int64)
        self._starts = time.perf_counter() - np.array(state["seconds"], dtype=np.float64)
        self._metrics.load_state_dict(state["metrics"])

    def _begin(self, mask: NDArray[np.bool_]) -> None:
        self._returns[mask] = 0.0
        self._lengths[mask] = 0
        self._starts[mask] = time.perf_counter()
        self._metrics.clear(mask)

    def _report(self) -> dict[str, np.ndarray]:
        report: dict[str, np.ndarray] = {
            "r": self._returns.copy(),
            "l": self._lengths.copy(),
            "t": time.perf_counter() - self._starts,
        }
        for key in self._metrics.keys:
            last = self._metrics.last(key)
            report[f"{key}_mean"] = self._metrics.mean(key)
            report[f"{key}_final"] = last
            if key in SUCCESS_METRICS:
                report["success"] = np.where(np.isnan(last), np.nan, last > 0)
            if key == POSITION_METRIC:
                report["distance"] = last - self._metrics.first(key)
        return report
