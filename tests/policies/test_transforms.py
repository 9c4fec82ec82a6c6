"""Transforms that run alone give what the wrappers give in training."""

from typing import Any

import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector import VectorEnv

from rl_pipeline.envs.gymnasium.in_process import InProcessVectorEnv
from rl_pipeline.policies.transforms import AppendActions, Chain, StackFrames
from rl_pipeline.wrappers.action_history import ActionHistory
from rl_pipeline.wrappers.frame_stack import FrameStack
from rl_pipeline.wrappers.normalize_observation import NormalizeObservation
from tests.policies.sample_envs import Clock

ACTION_SPACES = [
    spaces.Box(-1, 1, (2,), np.float32),
    spaces.Discrete(3, start=1),
    spaces.MultiDiscrete([2, 3]),
    spaces.MultiBinary(2),
]


@pytest.mark.parametrize("action_space", ACTION_SPACES, ids=lambda space: type(space).__name__)
def test_a_chain_that_acts_alone_sees_what_the_wrappers_give(action_space: spaces.Space[Any]) -> None:
    raw = InProcessVectorEnv([lambda: Clock(action_space)] * 2)
    normalizer = NormalizeObservation(InProcessVectorEnv([lambda: Clock(action_space)] * 2))
    history = ActionHistory(FrameStack(normalizer, n_frames=2), n_actions=2)
    wrapped: VectorEnv = history
    wrapped.action_space.seed(3)

    expected, _ = wrapped.reset(seed=7)
    observation, _ = raw.reset(seed=7)
    starts, states = np.ones(2, bool), []
    for _ in range(8):
        chain = Chain([normalizer.policy_transform(), StackFrames(2, {"observation": 0}), history.transform])
        seen, states = chain.observe(observation, states, starts)
        np.testing.assert_array_equal(seen, expected)
        actions = wrapped.action_space.sample()
        states = chain.record(actions, states)
        expected, *_ = wrapped.step(actions)
        observation, _, terminated, truncated, _ = raw.step(actions)
        starts = terminated | truncated


def test_discrete_actions_become_one_hot_from_their_first_choice() -> None:
    transform = AppendActions(1, 5, (2, 3), (0, 1))
    np.testing.assert_array_equal(
        transform.flatten(np.array([[1, 1], [0, 3]])), [[0, 1, 1, 0, 0], [1, 0, 0, 0, 1]]
    )


def test_states_are_not_changed_in_place() -> None:
    transform = StackFrames(2, {"observation": 0})
    _, first = transform.observe(np.ones((1, 2)), {}, np.ones(1, bool))
    transform.observe(np.zeros((1, 2)), first, np.zeros(1, bool))
    np.testing.assert_array_equal(first["observation"], np.ones((1, 4)))
