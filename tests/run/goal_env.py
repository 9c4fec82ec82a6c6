"""An environment with goals and the sizes of a grasp with a parallel jaw."""

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

SIZES = {"observation": 38, "achieved_goal": 3, "desired_goal": 3}


class Grasp(gymnasium.Env[dict[str, np.ndarray], np.ndarray]):
    """Observations are random; goals are never reached."""

    def __init__(self) -> None:
        boxes = {key: spaces.Box(-np.inf, np.inf, (size,)) for key, size in SIZES.items()}
        self.observation_space = spaces.Dict(boxes)
        self.action_space = spaces.Box(-1.0, 1.0, (13,), np.float32)
        self.steps = 0

    def observe(self) -> dict[str, np.ndarray]:
        return {key: self.np_random.normal(2.0, 3.0, size).astype(np.float32) for key, size in SIZES.items()}

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        super().reset(seed=seed)
        self.steps = 0
        return self.observe(), {}

    def step(self, action: np.ndarray) -> tuple[dict[str, np.ndarray], float, bool, bool, dict[str, Any]]:
        self.steps += 1
        return self.observe(), -1.0, False, self.steps == 10, {}

    def compute_reward(self, achieved: np.ndarray, desired: np.ndarray, info: object) -> np.ndarray:
        return (np.linalg.norm(achieved - desired, axis=-1) < 0.05) - 1.0
