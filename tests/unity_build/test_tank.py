import numpy as np
import pytest

from unity_build.player.tank import TIME_LIMIT, Tanks


def drive(tanks: Tanks) -> np.ndarray:
    """Turn towards the target, then drive."""
    seen = tanks.observations()
    return np.stack([np.clip(seen[:, 0], 0, 1), np.clip(2 * seen[:, 1], -1, 1)], axis=1)


def test_a_tank_that_steers_at_its_target_reaches_it() -> None:
    tanks = Tanks(16, seed=3)
    reached, returns = np.zeros(16, bool), np.zeros(16)
    for _ in range(TIME_LIMIT):
        result = tanks.step(drive(tanks))
        returns += np.where(reached, 0, result.rewards)
        reached |= result.success
    assert reached.all()
    assert (returns > 0.9).all()


def test_a_tank_that_stands_runs_out_of_time() -> None:
    tanks = Tanks(2)
    results = [tanks.step(np.zeros((2, 2))) for _ in range(TIME_LIMIT)]
    assert not any(result.ended.any() for result in results[:-1])
    assert results[-1].truncated.all()
    assert not results[-1].terminated.any()


def test_seeds_give_the_same_targets_again() -> None:
    tanks, again = Tanks(3, seed=1), Tanks(3, seed=7)
    again.reset(np.ones(3, bool), [1, 2, 3])
    assert tanks.observations() == pytest.approx(again.observations())
