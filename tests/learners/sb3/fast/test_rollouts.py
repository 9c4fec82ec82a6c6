import copy

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.buffers import RolloutBuffer

from rl_pipeline.learners.sb3.fast.rollouts import compute_advantages


def test_advantages_equal_stock_to_the_bit() -> None:
    random = np.random.default_rng(0)
    box = spaces.Box(-1, 1, (2,))
    stock = RolloutBuffer(50, box, box, device="cpu", gae_lambda=0.9, gamma=0.97, n_envs=3)
    for name in ("rewards", "values"):
        setattr(stock, name, random.normal(size=(50, 3)).astype(np.float32))
    stock.episode_starts = (random.random((50, 3)) < 0.1).astype(np.float32)
    fast = copy.deepcopy(stock)
    last_values, dones = random.normal(size=3).astype(np.float32), np.array([True, False, False])
    stock.compute_returns_and_advantage(torch.from_numpy(last_values), dones)
    compute_advantages(fast, last_values, dones)
    np.testing.assert_array_equal(fast.advantages, stock.advantages)
    np.testing.assert_array_equal(fast.returns, stock.returns)
