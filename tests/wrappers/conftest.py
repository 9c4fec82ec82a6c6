from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

VECTOR = spaces.Box(-np.inf, np.inf, (3,), np.float32)
IMAGE = spaces.Box(0, 255, (4, 5, 3), np.uint8)
ROBOT = spaces.Dict({"camera": IMAGE, "joints": VECTOR, "mode": spaces.Discrete(3)})
ACTION = spaces.Box(-1.0, 1.0, (2,), np.float32)


class WalkingEnv(VectorEnv):
    """Environments that walk at random; environment i's episodes end after `lengths[i]` steps.

    Observations count the steps since the reset and the episodes, and add a random number.
    """

    def __init__(
        self,
        lengths: tuple[int, ...] = (3, 5, 100),
        space: spaces.Space[Any] = VECTOR,
        action_space: spaces.Space[Any] = ACTION,
    ) -> None:
        self.num_envs = len(lengths)
        self.lengths = np.array(lengths)
        self.single_observation_space, self.single_action_space = space, action_space
        self.observation_space = batch_space(space, self.num_envs)
        self.action_space = batch_space(action_space, self.num_envs)
        self.metadata = {"autoreset_mode": AutoresetMode.SAME_STEP, "render_fps": 25}
        self.generator = np.random.default_rng(0)
        self.steps = np.zeros(self.num_envs, dtype=np.int64)
        self.episodes = np.zeros(self.num_envs, dtype=np.int64)
        self.x = np.zeros(self.num_envs)
        self.last_actions: Any = None
        self.is_closed = False

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        if seed is not None:
            self.generator = np.random.default_rng(seed)
        mask = (options or {}).pop("reset_mask", np.ones(self.num_envs, dtype=bool))
        self._begin(mask)
        return self._observe(), {}

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        self.last_actions = actions
        self.steps += 1
        rewards = self.generator.normal(1.0, 2.0, self.num_envs)
        self.x += rewards / 10
        everywhere = np.ones(self.num_envs, dtype=bool)
        infos: dict[str, Any] = {
            "x_position": self.x.copy(),
            "_x_position": everywhere,
            "is_success": (self.steps % 2).astype(np.float64),
            "_is_success": everywhere,
        }
        done = self.steps >= self.lengths
        terminated, truncated = done & (self.episodes % 2 == 0), done & (self.episodes % 2 == 1)
        observation = self._observe()
        if done.any():
            infos |= {"final_obs": observation, "_final_obs": done.copy()}
            self._begin(done)
            observation = self._observe()
        return observation, rewards, terminated, truncated, infos

    def render(self) -> tuple[Any, ...]:
        return (np.full((32, 48, 3), 5 * self.steps[0], dtype=np.uint8),)

    def close_extras(self, **kwargs: Any) -> None:
        self.is_closed = True

    def state_dict(self) -> dict[str, Any]:
        return deepcopy([self.generator, self.steps, self.episodes, self.x])  # type: ignore[return-value]

    def load_state_dict(self, state: Any) -> None:
        self.generator, self.steps, self.episodes, self.x = deepcopy(state)

    def _begin(self, mask: Any) -> None:
        self.episodes[mask] += 1
        self.steps[mask] = 0
        self.x[mask] = 0.0

    def _observe(self) -> Any:
        noise = self.generator.normal(size=self.num_envs)
        vector = np.stack([self.steps, self.episodes, noise], axis=1).astype(np.float32)
        image = np.broadcast_to(self.steps.reshape(-1, 1, 1, 1), (self.num_envs, 4, 5, 3)).astype(np.uint8)
        if self.single_observation_space == VECTOR:
            return vector
        if self.single_observation_space == IMAGE:
            return image
        return {"camera": image, "joints": vector, "mode": self.steps % 3}


@pytest.fixture
def make_env() -> Callable[..., WalkingEnv]:
    return WalkingEnv


@pytest.fixture
def vector_space() -> spaces.Box:
    return VECTOR


@pytest.fixture
def image_space() -> spaces.Box:
    return IMAGE


@pytest.fixture
def robot_space() -> spaces.Dict:
    return ROBOT
