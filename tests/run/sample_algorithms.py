"""Algorithms of a user, with state of their own that influences the training."""

from collections import deque
from typing import Any

import numpy as np
import torch
from stable_baselines3 import DQN, PPO


class RestlessPPO(PPO):
    """PPO whose entropy coefficient follows its own past."""

    def __init__(self, *args: Any, boost: float = 0.01, **kwargs: Any) -> None:
        self.boost = boost
        super().__init__(*args, **kwargs)
        self.noise = np.random.default_rng(7)
        self.history: deque[float] = deque(maxlen=3)
        self.visits: dict[int, np.float32] = {}
        self.stage = ("early", 0)

    def train(self) -> None:
        self.history.append(float(self.rollout_buffer.rewards.mean()) + float(self.noise.normal()))
        self.visits[len(self.visits)] = np.float32(self.history[-1])
        self.stage = ("late", self.stage[1] + 1)
        self.boost *= 0.9
        self.ent_coef = self.boost * self.stage[1] * float(np.mean(self.history) + sum(self.visits.values()))
        super().train()


class CountingDQN(DQN):
    """DQN that changes its discount with the number of its updates."""

    updates_of_mine = 0

    def train(self, gradient_steps: int, batch_size: int = 100) -> None:
        self.updates_of_mine += 1
        self.gamma = 0.99 - 0.9 / (1 + self.updates_of_mine)
        super().train(gradient_steps, batch_size)


class ForgetfulPPO(PPO):
    """PPO with a tensor that no checkpoint would hold."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.running_mean = torch.zeros(3)
