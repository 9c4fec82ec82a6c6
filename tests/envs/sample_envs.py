"""Small environments whose behaviour the tests know."""

import os
import signal
import sys
import time
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces


class CountingEnv(gymnasium.Env):
    """Observes the seed-dependent start plus the number of steps; an episode ends after `length` steps."""

    action_space = spaces.Discrete(3)

    def __init__(self, length: int = 5, size: int = 2) -> None:
        self.observation_space = spaces.Box(-np.inf, np.inf, (size,), np.float64)
        self.length = length
        self.elapsed = 0
        self.start = 0.0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.elapsed, self.start = 0, float(self.np_random.integers(1000))
        return self._observation(), {"start": self.start, "text": "dropped"}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.elapsed += 1
        done = self.elapsed >= self.length
        info: dict[str, Any] = {"elapsed": self.elapsed, "text": "dropped", "vector": np.zeros(3)}
        if done:
            info["is_success"] = np.bool_(True)
        return self._observation(), float(action), done and action == 0, done and action != 0, info

    def _observation(self) -> np.ndarray:
        return np.full(self.observation_space.shape or (), self.start + self.elapsed)

    def add(self, number: int, factor: int = 1) -> int:
        return self.elapsed + number * factor

    def loaded_modules(self) -> list[str]:
        return sorted(sys.modules)

    def process_id(self) -> int:
        return os.getpid()


class TroublesomeEnv(CountingEnv):
    """Does something bad when it gets action 2."""

    def __init__(self, trouble: str, length: int = 100) -> None:
        super().__init__(length)
        self.trouble = trouble

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        if action == 2:
            self.make_trouble()
        return super().step(action)

    def make_trouble(self) -> None:
        if self.trouble == "raise":
            raise ValueError("the arm is broken")
        if self.trouble == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.trouble == "exit":
            os._exit(3)
        if self.trouble == "hang":
            time.sleep(1000)


class DictEnv(CountingEnv):
    """Observes a camera, a vector and a mode, and acts with a MultiBinary."""

    action_space = spaces.MultiBinary(4)

    def __init__(self, length: int = 5) -> None:
        super().__init__(length)
        self.observation_space = spaces.Dict(
            camera=spaces.Box(0, 255, (36, 36, 3), np.uint8),
            mode=spaces.Discrete(7),
            joints=spaces.Box(-1.0, 1.0, (3,), np.float32),
        )

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        return super().step(int(np.sum(action)))

    def _observation(self) -> Any:
        return {
            "camera": np.full((36, 36, 3), self.elapsed, np.uint8),
            "mode": self.elapsed % 7,
            "joints": np.full(3, self.start / 1000, np.float32),
        }


class MaskedEnv(CountingEnv):
    """Action 1 is never allowed, and taking it is remembered."""

    def action_masks(self) -> np.ndarray:
        return np.array([True, False, True])

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        assert action != 1
        return super().step(action)
