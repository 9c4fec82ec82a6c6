"""Observations with running mean 0 and variance 1."""

import numpy as np
from gymnasium import spaces
from gymnasium.vector import VectorEnv
from gymnasium.vector.utils import batch_space

from rl_pipeline.plain_data import StateDict
from rl_pipeline.policies.observations import Observation, as_dict
from rl_pipeline.policies.transforms import Normalize
from rl_pipeline.wrappers.base import Infos, ResetOptions, StatefulWrapper, StepResult
from rl_pipeline.wrappers.observations import float_boxes, map_space
from rl_pipeline.wrappers.running_statistics import RunningStatistics


class NormalizeObservation(StatefulWrapper):
    """Shift, scale and clip observations by running statistics, like Stable-Baselines3's VecNormalize.

    Every batch of `reset` or `step` is first merged into the statistics and then normalised with
    them: `clip((observation - mean) / sqrt(var + epsilon), -clip, clip)` as float32. Last observations of
    finished episodes (`final_obs`) are normalised, but not counted. In Dict spaces, Box parts of a float
    dtype are normalised; images and discrete parts pass unchanged.

    Args:
        env: The vector environment.
        clip: Largest absolute value of a normalised observation.
        epsilon: Added to the variance, so that constant elements do not divide by zero.
        training: Whether batches are merged into the statistics; False freezes them, for evaluation.

    Attributes:
        training: As above; may be set at any time.
        statistics: `RunningStatistics` by key of the Dict space; a plain Box has the key `observation`.
        raw_obs: The last batch of the environment's unchanged observations, for learners that store raw data.
        raw_final_obs: The last step's unchanged `final_obs`; None if no episode ended in it.

    Raises:
        ValueError: The observation space has no Box of a float dtype.
    """

    def __init__(
        self, env: VectorEnv, *, clip: float = 10.0, epsilon: float = 1e-8, training: bool = True
    ) -> None:
        super().__init__(env)
        self.clip = clip
        self.epsilon = epsilon
        self.training = training
        boxes = float_boxes(env.single_observation_space, "NormalizeObservation")
        self.statistics = {key: RunningStatistics(box.shape) for key, box in boxes.items()}
        self.single_observation_space = map_space(env.single_observation_space, boxes, self._clipped)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.raw_obs: Observation | None = None
        self.raw_final_obs: Observation | None = None

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: ResetOptions = None
    ) -> tuple[Observation, Infos]:
        """Reset the environments and return the normalised first observations."""
        observation, infos = self.env.reset(seed=seed, options=options)  # type: ignore[arg-type]
        self.raw_final_obs = None
        return self._observe(observation), infos

    def step(self, actions: np.ndarray) -> StepResult:
        """Step the environments and return normalised observations."""
        observation, rewards, terminated, truncated, infos = self.env.step(actions)
        normalized = self._observe(observation)
        self.raw_final_obs = infos.get("final_obs")
        if self.raw_final_obs is not None:
            infos["final_obs"] = self.normalize(self.raw_final_obs)
        return normalized, rewards, terminated, truncated, infos

    def normalize(self, observation: Observation) -> Observation:
        """Normalise observations of any batch shape with the present statistics, without updating them."""
        return self.policy_transform().view(observation, {})

    def policy_transform(self) -> Normalize:
        """Return the present statistics as a transform, for a policy that acts alone."""
        return Normalize(
            {key: statistics.mean for key, statistics in self.statistics.items()},
            {key: statistics.var for key, statistics in self.statistics.items()},
            self.clip,
            self.epsilon,
        )

    def load_statistics(self, statistics: StateDict) -> None:
        """Restore only the statistics, the entry `statistics` of a `state_dict`."""
        for key, own in self.statistics.items():
            own.load_state_dict(statistics[key])

    def copy_statistics(self, source: "NormalizeObservation") -> None:
        """Copy another normaliser's statistics, e.g. the training environment's before an evaluation."""
        self.load_statistics(source.state_dict()["statistics"])

    def state_dict(self) -> StateDict:
        """Return the statistics by key and the last raw observations."""
        statistics = {key: statistics.state_dict() for key, statistics in self.statistics.items()}
        return {"statistics": statistics, "raw_obs": self.raw_obs}

    def load_state_dict(self, state: StateDict) -> None:
        """Restore a state of `state_dict`."""
        self.load_statistics(state["statistics"])
        self.raw_obs = state["raw_obs"]

    def _observe(self, observation: Observation) -> Observation:
        self.raw_obs = observation
        if self.training:
            parts = as_dict(observation)
            for key, statistics in self.statistics.items():
                statistics.update(parts[key])
        return self.normalize(observation)

    def _clipped(self, key: str, box: spaces.Box) -> spaces.Box:
        return spaces.Box(-self.clip, self.clip, box.shape, np.float32)
