"""A policy whose actions a test knows, and small runs to export."""

from typing import Any

import numpy as np
import pytest

from rl_pipeline.policies.policy import Policy
from rl_pipeline.policies.spec import PolicySpec, Signal
from tests.run.conftest import make_config, train, without_pictures

__all__ = ["make_config", "train", "without_pictures"]


class Proportional(Policy[int]):
    """Gives minus gain times the first numbers of the observation; remembers how often it acted in an episode."""

    has_memory = True

    def __init__(self, n_actions: int = 2, gain: float = 1.0) -> None:
        self.n_actions, self.gain = n_actions, gain
        self.memories: list[int] = []

    def act(
        self, observations: Any, memory: int | None, episode_starts: Any, **options: Any
    ) -> tuple[np.ndarray, int]:
        acted = 0 if memory is None or episode_starts[0] else memory
        self.memories.append(acted)
        actions = (-self.gain * observations[:, : self.n_actions]).astype(np.float32)
        return actions, acted + 1


@pytest.fixture
def policy() -> Proportional:
    return Proportional()


@pytest.fixture
def spec() -> PolicySpec:
    observation = Signal(
        "box",
        (4,),
        "float64",
        np.full(4, -np.inf),
        np.full(4, np.inf),
        ("hip.position", "knee.position", "hip.velocity", "knee.velocity"),
        ("rad", "rad", "rad/s", "rad/s"),
    )
    action = Signal("box", (2,), "float32", -np.ones(2), np.ones(2), ("hip", "knee"), ("N m", "N m"))
    return PolicySpec("onnx", observation, observation, action, rate=50.0)
