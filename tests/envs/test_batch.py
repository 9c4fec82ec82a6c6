import numpy as np
import pytest
from gymnasium import spaces

from rl_pipeline.envs.gymnasium.buffers import allocate_buffers

NESTED = spaces.Dict(
    arm=spaces.Dict(angles=spaces.Box(-1, 1, (2,), np.float32), gripper=spaces.Discrete(3)),
    pair=spaces.Tuple((spaces.MultiBinary(2), spaces.MultiDiscrete([2, 3]))),
)


def test_nested_observations_come_back_as_they_were_written() -> None:
    batch = allocate_buffers(NESTED, spaces.Discrete(2), 3).observations
    values = [NESTED.sample() for _ in range(3)]
    for index, value in enumerate(values):
        batch.write(index, value)
    copied = batch.copy()
    for index, value in enumerate(values):
        np.testing.assert_array_equal(copied["arm"]["angles"][index], value["arm"]["angles"])
        assert copied["arm"]["gripper"][index] == value["arm"]["gripper"]
        np.testing.assert_array_equal(copied["pair"][1][index], value["pair"][1])
    assert copied["arm"]["angles"].dtype == np.float32


def test_copies_do_not_change_with_the_buffers() -> None:
    batch = allocate_buffers(spaces.Box(-1, 1, (2,)), spaces.Discrete(2), 2).observations
    before = batch.copy()
    batch.write(0, np.ones(2))
    assert not before.any()


def test_rows_are_views() -> None:
    buffers = allocate_buffers(spaces.Box(-1, 1, (2,)), spaces.Box(-1, 1, (1,)), 4)
    part = buffers.rows(slice(1, 3))
    part.observations.write(0, np.ones(2))
    part.rewards[1] = 5.0
    assert buffers.observations.copy()[1].tolist() == [1.0, 1.0]
    assert buffers.rewards.tolist() == [0.0, 0.0, 5.0, 0.0]


@pytest.mark.parametrize("space", [spaces.Text(5), spaces.Dict(a=spaces.Sequence(spaces.Discrete(2)))])
def test_spaces_without_fixed_shape_are_refused(space: spaces.Space) -> None:
    with pytest.raises(TypeError, match="valid spaces are Box, Discrete"):
        allocate_buffers(space, spaces.Discrete(2), 2)


def test_composite_action_spaces_are_refused() -> None:
    with pytest.raises(TypeError, match="not a supported action space; valid action spaces are Box"):
        allocate_buffers(spaces.Discrete(2), spaces.Dict(a=spaces.Discrete(2)), 2)


def test_a_wrong_shape_is_named() -> None:
    batch = allocate_buffers(spaces.Dict(a=spaces.Box(-1, 1, (4,))), spaces.Discrete(2), 1).observations
    with pytest.raises(ValueError, match=r"the robot returned an observation\['a'\] of shape \(1,\)"):
        batch.check({"a": np.zeros(1)}, "the robot")
    with pytest.raises(ValueError, match=r"without \['a'\]"):
        batch.check({"b": np.zeros(4)}, "the robot")
