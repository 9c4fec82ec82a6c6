"""Rewards scaled by the running variance of the discounted return."""

import numpy as np
from gymnasium.vector import VectorEnv
from numpy.typing import NDArray

from rl_pipeline.plain_data import StateDict
from rl_pipeline.policies.observations import Observation
from rl_pipeline.wrappers.base import Infos, ResetOptions, StepResult, TrainingWrapper, finished, reset_mask
from rl_pipeline.wrappers.running_statistics import RunningStatistics


class NormalizeReward(TrainingWrapper):
    """Divide rewards by the discounted return's deviation, like Stable-Baselines3's VecNormalize.

    Each environment has an accumulator `return = gamma * return + reward`, set to 0 when an episode ends.
    Every step's accumulators are merged into running statistics, and the reward becomes `clip(reward /
    sqrt(var + epsilon), -clip, clip)`; its mean is kept, since shifting it would change the task.

    Args:
        env: The vector environment.
        gamma: The learner's discount factor.
        clip: Largest absolute value of a normalised reward.
        epsilon: Added to the variance, so that constant returns do not divide by zero.
        training: Whether steps are merged into the statistics; False freezes accumulators and statistics.

    Attributes:
        training: As above; may be set at any time.
        statistics: The statistics of the accumulators.
        returns: The accumulators, float64, shape (num_envs,).
        raw_rewards: The last step's unchanged rewards, for learners that store raw data.
    """

    def __init__(
        self,
        env: VectorEnv,
        *,
        gamma: float = 0.99,
        clip: float = 10.0,
        epsilon: float = 1e-8,
        training: bool = True,
    ) -> None:
        super().__init__(env)
        self.gamma = gamma
        self.clip = clip
        self.epsilon = epsilon
        self.training = training
        self.statistics = RunningStatistics()
        self.returns: NDArray[np.float64] = np.zeros(self.num_envs)
        self.raw_rewards: NDArray[np.float64] = np.zeros(self.num_envs)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: ResetOptions = None
    ) -> tuple[Observation, Infos]:
        """Reset the environments and their accumulators."""
        self.returns[reset_mask(options, self.num_envs)] = 0.0
        return self.env.reset(seed=seed, options=options)  # type: ignore[arg-type]

    def step(self, actions: np.ndarray) -> StepResult:
        """Step the environments and return normalised rewards."""
        observation, rewards, terminated, truncated, infos = self.env.step(actions)
        self.raw_rewards = rewards
        if self.training:
            self.returns = self.returns * self.gamma + rewards
            self.statistics.update(self.returns)
        self.returns[finished(terminated, truncated)] = 0.0
        return observation, self.normalize(rewards), terminated, truncated, infos

    def normalize(self, rewards: np.ndarray) -> NDArray[np.float64]:
        """Normalise rewards of any shape with the present statistics, without updating them."""
        return np.clip(rewards / np.sqrt(self.statistics.var + self.epsilon), -self.clip, self.clip)

    def load_statistics(self, statistics: StateDict) -> None:
        """Restore only the statistics, the entry `statistics` of a `state_dict`."""
        self.statistics.load_state_dict(statistics)

    def copy_statistics(self, source: "NormalizeReward") -> None:
        """Copy another normaliser's statistics."""
        self.load_statistics(source.statistics.state_dict())

    def state_dict(self) -> StateDict:
        """Return the statistics, the accumulators and the last raw rewards."""
        return {
            "statistics": self.statistics.state_dict(),
            "returns": self.returns.copy(),
            "raw_rewards": self.raw_rewards.copy(),
        }

    def load_state_dict(self, state: StateDict) -> None:
        """Restore a state of `state_dict`."""
        self.load_statistics(state["statistics"])
        self.returns = np.array(state["returns"], dtype=np.float64)
        self.raw_rewards = np.array(state["raw_rewards"], dtype=np.float64)
