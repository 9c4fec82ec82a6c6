import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.logger import configure
from stable_baselines3.common.vec_env import VecEnv


class PointVecEnv(VecEnv):
    """Points that drift; an episode ends when one leaves the box and is cut off after 20 steps."""

    def __init__(
        self, action_space: spaces.Space, n_envs: int = 4, observation_dtype: type = np.float32
    ) -> None:
        observation_space = spaces.Box(-np.inf, np.inf, (5,), observation_dtype)
        super().__init__(n_envs, observation_space, action_space)
        self.random = np.random.default_rng(7)
        self.length = np.zeros(n_envs, int)
        self.position = self._start(n_envs)

    def _start(self, n: int) -> np.ndarray:
        return self.random.normal(size=(n, 5)).astype(self.observation_space.dtype)

    def reset(self) -> np.ndarray:
        self.position = self._start(self.num_envs)
        self.length[:] = 0
        return self.position.copy()

    def step_async(self, actions: np.ndarray) -> None:
        self.push = np.asarray(actions, np.float64).reshape(self.num_envs, -1).mean(axis=1, keepdims=True)

    def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        self.position += (0.1 * self.push + 0.1 * self.random.normal(size=self.position.shape)).astype(
            np.float32
        )
        self.length += 1
        terminated = np.abs(self.position).max(axis=1) > 3
        dones = terminated | (self.length >= 20)
        rewards = -np.abs(self.position).mean(axis=1).astype(np.float32)
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for i in np.flatnonzero(dones):
            infos[i] = {
                "terminal_observation": self.position[i].copy(),
                "TimeLimit.truncated": bool(not terminated[i]),
                "episode": {"r": float(rewards[i]), "l": int(self.length[i]), "t": 0.0},
            }
            self.position[i] = self._start(1)[0]
            self.length[i] = 0
        return self.position.copy(), rewards, dones, infos

    def close(self) -> None:
        pass

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        return [None] * self.num_envs

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        raise NotImplementedError

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> list[Any]:
        raise NotImplementedError

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        return [False] * self.num_envs


BOX = spaces.Box(-0.5, 0.7, (3,), np.float32)
ModelFactory = Callable[..., BaseAlgorithm]


@pytest.fixture
def make_model() -> ModelFactory:
    def make(
        model_class: type[BaseAlgorithm], action_space: spaces.Space = BOX, **kwargs: Any
    ) -> BaseAlgorithm:
        torch.set_num_threads(1)
        kwargs = copy.deepcopy(kwargs)  # SB3 writes into policy_kwargs
        n_envs, dtype = kwargs.pop("n_envs", 4), kwargs.pop("observation_dtype", np.float32)
        action_space.seed(0)
        env = PointVecEnv(action_space, n_envs, dtype)
        model = model_class("MlpPolicy", env, seed=3, device="cpu", **kwargs)
        model.set_logger(configure(None, []))
        return model

    return make


def weights(model: BaseAlgorithm) -> np.ndarray:
    """All parameters of a model's policy, end to end."""
    return np.concatenate(
        [tensor.numpy().reshape(-1) for tensor in model.get_parameters()["policy"].values()]
    )
