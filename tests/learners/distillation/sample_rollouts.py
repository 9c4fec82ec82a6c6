"""Rollouts of made-up experts of Pendulum-v1: random observations, and actions that a rule gives."""

from pathlib import Path

import numpy as np

from rl_pipeline.datasets.episode import Contents, Episode, Origin
from rl_pipeline.datasets.rollout_store import RolloutStore
from rl_pipeline.policies.spec import PolicySpec, Signal

OFFSET, SCALE = np.array([3.0, -2.0, 0.0]), np.array([0.5, 4.0, 1.0])


def spec() -> PolicySpec:
    limits = np.array([1.0, 1.0, 8.0], np.float32)
    observation = Signal("box", (3,), "float32", -limits, limits)
    torque = np.array([2.0], np.float32)
    action = Signal("box", (1,), "float32", -torque, torque)
    return PolicySpec("rollouts", observation, observation, action)


def episode(number: int, steps: int, expert: str = "one", *, values: bool = True) -> Episode:
    """The action is half of the running mean of the first number of the observation, which needs a memory."""
    rng = np.random.default_rng([number, len(expert)])
    plain = rng.normal(size=(steps + 1, 3))
    means = 0.5 * np.cumsum(plain[:-1, :1], axis=0) / np.arange(1, steps + 1)[:, None]
    numbers = rng.normal(size=steps).astype(np.float32)
    return Episode(
        Origin(expert, "start", number),
        (plain * SCALE + OFFSET).astype(np.float32),
        (means + 0.1 * rng.normal(size=means.shape)).astype(np.float32),
        means.astype(np.float32),
        rng.normal(size=steps) + len(expert),
        numbers if values else None,
        -numbers if values else None,
        truncated=True,
    )


def write_rollouts(
    path: Path, *, n: int = 9, experts: tuple[str, ...] = ("one",), values: bool = True
) -> Path:
    """Write episodes of unequal lengths."""
    contents = Contents(spec(), "raw", "Pendulum-v1", {expert: {} for expert in experts})
    with RolloutStore(path, contents) as store:
        for expert in experts:
            store.add([episode(number, 5 + 3 * number, expert, values=values) for number in range(n)])
        store.consolidate()
    return path
