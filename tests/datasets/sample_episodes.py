"""Small episodes, made of random numbers."""

import numpy as np

from rl_pipeline.datasets.episode import Contents, Episode, Origin, Start
from rl_pipeline.policies.spec import PolicySpec, Signal


def signal(size: int, dtype: str = "float32") -> Signal:
    limit = np.ones(size, dtype)
    return Signal("box", (size,), dtype, -limit, limit, tuple(f"number_{index}" for index in range(size)))


def contents(expert: str = "one", size: int = 3) -> Contents:
    spec = PolicySpec("rollouts", signal(size), signal(size), signal(2), 20.0)
    return Contents(spec, "raw", "Sample-v0", {expert: {"algorithm": "ppo"}}, "abc")


def episode(
    number: int, start: Start = "start", *, expert: str = "one", steps: int = 5, size: int = 3
) -> Episode:
    rng = np.random.default_rng([number, len(start)])
    return Episode(
        Origin(expert, start, number, 0.5),
        rng.normal(size=(steps + 1, size)).astype(np.float32),
        rng.normal(size=(steps, 2)).astype(np.float32),
        rng.normal(size=(steps, 2)).astype(np.float32),
        rng.normal(size=steps),
        rng.normal(size=steps).astype(np.float32),
        rng.normal(size=steps).astype(np.float32),
        terminated=True,
        seed=number,
        prefix=number if start == "random" else 0,
    )


def assert_same(one: Episode, other: Episode) -> None:
    assert one.origin == other.origin
    flags = ("terminated", "truncated", "seed", "prefix")
    assert [getattr(one, name) for name in flags] == [getattr(other, name) for name in flags]
    for name in ("observations", "actions", "means", "rewards", "values", "advantages"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
