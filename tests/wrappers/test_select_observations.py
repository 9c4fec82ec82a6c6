from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from rl_pipeline.wrappers.select_observations import SelectObservations

from .conftest import ROBOT, WalkingEnv


def test_numbers_are_kept_in_the_order_that_is_asked_for() -> None:
    plain, selecting = WalkingEnv(), SelectObservations(WalkingEnv(), [2, 0])
    assert selecting.single_observation_space == spaces.Box(-np.inf, np.inf, (2,), np.float32)
    expected: Any
    expected, _ = plain.reset(seed=4)
    seen, _ = selecting.reset(seed=4)
    np.testing.assert_array_equal(seen, expected[:, [2, 0]])
    for _ in range(6):  # in which episodes end
        expected, *_, infos = plain.step(np.zeros((3, 2)))
        seen, *_, found = selecting.step(np.zeros((3, 2)))
        np.testing.assert_array_equal(seen, expected[:, [2, 0]])
        assert ("final_obs" in found) == ("final_obs" in infos)
        if "final_obs" in infos:
            np.testing.assert_array_equal(found["final_obs"], infos["final_obs"][:, [2, 0]])


def test_parts_of_a_dict_are_selected_by_key() -> None:
    env = SelectObservations(WalkingEnv(space=ROBOT), {"joints": [1]})
    observation: Any
    observation, _ = env.reset(seed=0)
    assert observation["joints"].shape == (3, 1)
    assert observation["camera"].shape == (3, 4, 5, 3)
    assert observation in env.observation_space


@pytest.mark.parametrize(
    ("indices", "message"),
    [
        ([0, 3], r"indices of observation must be different numbers from 0 to 2, at least one, got \[0, 3\]"),
        ([1, 1], r"got \[1, 1\]"),
        ([], r"got \[\]"),
        ({"legs": [0]}, "the observation has no part 'legs'; its parts are observation"),
    ],
)
def test_indices_that_do_not_exist_are_refused(indices: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SelectObservations(WalkingEnv(), indices)


def test_pictures_are_refused() -> None:
    with pytest.raises(ValueError, match="camera must be a vector"):
        SelectObservations(WalkingEnv(space=ROBOT), {"camera": [0]})
