"""Environments continue bit by bit from a saved state."""

from typing import Any

import numpy as np
import pytest

from rl_pipeline.envs.mujoco.registry import TASKS
from tests.envs.mujoco.batches import assert_same, make_batch, roll

RANDOMIZATION = {
    "mass": {"scale": [0.8, 1.2]},
    "friction": {"scale": [0.5, 1.5]},
    "latency": {"steps": [0, 2]},
    "sensor_noise": {"std": 0.01},
    "pushes": {"interval": [5, 20], "force": [10, 50]},
}
PLAIN = (type(None), bool, int, float, str, np.ndarray)


def assert_plain(value: Any) -> None:
    if isinstance(value, dict):
        assert all(type(key) is str for key in value)
        for item in value.values():
            assert_plain(item)
    elif isinstance(value, list):
        for item in value:
            assert_plain(item)
    else:
        assert type(value) in PLAIN
        assert not isinstance(value, np.ndarray) or value.dtype.kind in "biuf"


@pytest.mark.parametrize("environment_id", sorted(name for name in TASKS if "Dense" not in name))
def test_continues_where_it_was_saved(environment_id: str) -> None:
    original = make_batch(environment_id, 2)
    original.reset(seed=1)
    roll(original, 30)
    state = original.state_dict()
    expected = roll(original, 60)
    other = make_batch(environment_id, 2)
    other.reset(seed=99)
    roll(other, 7)
    other.load_state_dict(state)
    assert_same(roll(other, 60), expected)


def test_continues_with_randomization() -> None:
    original = make_batch("Hopper-v5", 3, randomization=RANDOMIZATION)
    original.reset(seed=1)
    roll(original, 30)
    state = original.state_dict()
    expected = roll(original, 80)
    other = make_batch("Hopper-v5", 3, randomization=RANDOMIZATION)
    other.load_state_dict(state)
    assert_same(roll(other, 80), expected)


def test_branches_from_one_state() -> None:
    batch = make_batch("HalfCheetah-v5", 2)
    batch.reset(seed=1)
    roll(batch, 10)
    state = batch.state_dict()
    first = roll(batch, 10, seed=1)
    batch.load_state_dict(state)
    second = roll(batch, 10, seed=2)
    batch.load_state_dict(state)
    assert_same(roll(batch, 10, seed=1), first)
    assert not np.array_equal(first[-4], second[-4])


@pytest.mark.parametrize("environment_id", ["HalfCheetah-v5", "Ant-v5"])
def test_an_action_that_was_just_taken_counts_again_after_going_back(environment_id: str) -> None:
    batch = make_batch(environment_id, 2)
    batch.reset(seed=1)
    roll(batch, 10)
    state = batch.state_dict()
    actions = np.full(batch.action_space.shape, 0.3, np.float32)
    expected = batch.step(actions)[0]
    batch.load_state_dict(state)
    np.testing.assert_array_equal(batch.step(actions)[0], expected)


def test_the_state_is_plain_data() -> None:
    batch = make_batch("Ant-v5", 2, randomization=RANDOMIZATION)
    batch.reset(seed=0)
    assert_plain(batch.state_dict())


def test_a_state_of_something_else_is_refused() -> None:
    batch = make_batch("Hopper-v5", 2)
    with pytest.raises(ValueError, match="number of environments differs"):
        batch.load_state_dict(make_batch("Hopper-v5", 3).state_dict())
    with pytest.raises(ValueError, match="randomization"):
        batch.load_state_dict(make_batch("Hopper-v5", 2, randomization=RANDOMIZATION).state_dict())
