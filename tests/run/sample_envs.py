"""A small environment with every kind of space, and with every kind of trouble."""

import ctypes
import os
import signal
import time
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import VectorWrapper

OBSERVATION_SPACES: dict[str, spaces.Space] = {
    "box": spaces.Box(-1.0, 1.0, (3,), np.float32),
    "dict": spaces.Dict(
        joints=spaces.Box(-1.0, 1.0, (3,), np.float32), camera=spaces.Box(0, 255, (36, 36, 3), np.uint8)
    ),
    "image": spaces.Box(0, 255, (36, 36, 3), np.uint8),
}
ACTION_SPACES: dict[str, spaces.Space] = {
    "box": spaces.Box(-1.0, 1.0, (2,), np.float32),
    "discrete": spaces.Discrete(3),
    "multi_discrete": spaces.MultiDiscrete([3, 2]),
    "multi_binary": spaces.MultiBinary(3),
}


class SampleEnv(gymnasium.Env):
    """Pays about five a step, more for higher actions; an episode is truncated after `length` steps.

    Args:
        observation: A key of `OBSERVATION_SPACES`.
        action: A key of `ACTION_SPACES`.
        length: Timesteps in an episode.
        trouble: `raise`, `kill`, `nan`, `no reward`, `nan observation`, `no observation`, `hang`, `hang in C` or
            `pause`.
        trouble_at: The step of this environment, counted over all episodes, at which the trouble comes; for `pause`
            every step takes 10 ms.
        talks: Print a line in every step.
        render_mode: `rgb_array` for pictures.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 20}  # noqa: RUF012 - as gymnasium has it

    def __init__(
        self,
        observation: str = "box",
        action: str = "discrete",
        length: int = 10,
        trouble: str | None = None,
        trouble_at: int = 0,
        talks: bool = False,
        render_mode: str | None = None,
    ) -> None:
        self.observation_space = OBSERVATION_SPACES[observation]
        self.action_space = ACTION_SPACES[action]
        self.length = length
        self.trouble = trouble
        self.trouble_at = trouble_at
        self.talks = talks
        self.render_mode = render_mode
        self.elapsed = 0
        self.total = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.elapsed = 0
        return self._observe(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.elapsed += 1
        self.total += 1
        if self.talks:
            print("step", self.total, flush=True)
        reward = float(self.np_random.uniform(4, 5) + np.sum(action))
        if self.trouble == "pause":
            time.sleep(0.01)
        elif self.trouble is not None and self.total == self.trouble_at:
            reward = self._make_trouble(reward)
        info = {"distance": float(self.elapsed), "is_success": self.elapsed > 5}
        observation = self._observe()
        if self.total == self.trouble_at and self.trouble in ("nan observation", "no observation"):
            observation = None if self.trouble == "no observation" else observation * np.nan
        return observation, reward, False, self.elapsed >= self.length, info

    def render(self) -> np.ndarray:
        return np.full((48, 64, 3), 20 * self.elapsed % 256, np.uint8)

    def _make_trouble(self, reward: float) -> float:
        if self.trouble == "raise":
            raise ValueError("the arm is broken")
        if self.trouble == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.trouble in ("hang", "hang in C"):
            print("hanging", flush=True)
        if self.trouble == "hang":
            while True:
                time.sleep(3600)
        if self.trouble == "hang in C":
            lock, library = ctypes.create_string_buffer(64), ctypes.CDLL(None)
            library.pthread_mutex_lock(lock)
            library.pthread_mutex_lock(lock)  # for ever, whatever signals come
        if self.trouble == "no reward":
            return None  # type: ignore[return-value]
        return reward if "observation" in str(self.trouble) else float("nan")

    def _observe(self) -> Any:
        joints = self.np_random.uniform(-1, 1, 3).astype(np.float32)
        camera = np.full((36, 36, 3), 10 * self.elapsed % 256, np.uint8)
        if isinstance(self.observation_space, spaces.Dict):
            return {"joints": joints, "camera": camera}
        return camera if self.observation_space.dtype == np.uint8 else joints


class MaskedEnv(SampleEnv):
    """Forbids the last choice of every action, and notices when it is made."""

    def action_masks(self) -> np.ndarray:
        if isinstance(self.action_space, spaces.Discrete):
            return np.array([True, True, False])
        if isinstance(self.action_space, spaces.MultiDiscrete):
            return np.array([True, True, False, True, False])
        return np.array([True, False] * 3)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        highest = {"Discrete": 1, "MultiDiscrete": [1, 0], "MultiBinary": 0}[type(self.action_space).__name__]
        assert np.all(action <= np.asarray(highest)), f"action {action} is forbidden"
        return super().step(action)


class FadingEnv(SampleEnv):
    """Pays less at every step, whatever is learned."""

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        observation, _, terminated, truncated, info = super().step(action)
        return observation, -float(self.total), terminated, truncated, info


class BlindEnv(SampleEnv):
    """Has no render mode at all, as many a first environment."""

    metadata = {}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()


class Halved(VectorWrapper):
    """Halves observations, and does not say so."""

    def reset(self, **options: Any) -> tuple[Any, dict[str, Any]]:
        observation, infos = self.env.reset(**options)
        return observation / 2, infos

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        observation, *others = self.env.step(actions)
        return observation / 2, *others
