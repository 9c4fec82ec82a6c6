"""Records what vector environments do, for bit-exact comparisons."""

from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv


def play(env: VectorEnv, n_steps: int, *, seed: int = 5) -> list[Any]:
    """Step with the same random actions for the same seed and return everything that the environment returned."""
    env.action_space.seed(seed)
    return [env.step(env.action_space.sample()) for _ in range(n_steps)]


def assert_equal(first: Any, second: Any) -> None:
    """Compare nested results bit by bit; rows of `final_obs` that have no meaning are not compared."""
    assert type(first) is type(second)
    if isinstance(first, dict):
        assert first.keys() == second.keys()
        for key in first:
            if key != "final_obs":
                assert_equal(first[key], second[key])
        if "final_obs" in first:
            mask = first["_final_obs"]
            assert_equal(_rows(first["final_obs"], mask), _rows(second["final_obs"], mask))
    elif isinstance(first, list | tuple):
        assert len(first) == len(second)
        for one, other in zip(first, second, strict=True):
            assert_equal(one, other)
    else:
        np.testing.assert_array_equal(first, second, strict=True)


def _rows(observation: Any, mask: np.ndarray) -> Any:
    if isinstance(observation, dict):
        return {key: values[mask] for key, values in observation.items()}
    return observation[mask]
