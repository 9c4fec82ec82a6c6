"""The loop in which policies act, and a policy that acts without its simulator."""

from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from rl_pipeline.envs.gymnasium.in_process import InProcessVectorEnv
from rl_pipeline.policies.observations import Observation
from rl_pipeline.policies.policy import Policy, StandalonePolicy
from rl_pipeline.policies.rollout import Rollout
from rl_pipeline.policies.transforms import AppendActions, Chain, StackFrames
from rl_pipeline.wrappers.action_history import ActionHistory
from rl_pipeline.wrappers.frame_stack import FrameStack
from tests.policies.sample_envs import Clock

ACTIONS = spaces.Box(-1, 1, (2,), np.float32)


class Counting(Policy[NDArray[np.int64]]):
    """Acts on what it sees and on how many steps of the episode it remembers."""

    def __init__(self) -> None:
        self.memories: list[list[int]] = []

    def act(
        self,
        observations: Observation,
        memory: NDArray[np.int64] | None,
        episode_starts: NDArray[np.bool_],
        *,
        deterministic: bool = True,
        action_masks: NDArray[np.bool_] | None = None,
    ) -> tuple[NDArray[Any], NDArray[np.int64]]:
        assert not isinstance(observations, dict)
        steps = np.zeros(len(observations), np.int64) if memory is None else memory
        steps = np.where(episode_starts, 0, steps) + 1
        self.memories.append(steps.tolist())
        return np.tanh(observations[:, :2] + steps[:, None] / 10).astype(np.float32), steps


def make_env(n: int = 2) -> InProcessVectorEnv:
    return InProcessVectorEnv([lambda: Clock(ACTIONS)] * n)


def test_memory_begins_anew_with_every_episode() -> None:
    policy = Counting()
    rollout = Rollout(policy, make_env(), seed=0)
    ends = [rollout.step().ended.tolist() for _ in range(4)]
    assert ends == [[False, False], [False, False], [True, True], [False, False]]
    assert policy.memories == [[1, 1], [2, 2], [3, 3], [1, 1]]


def test_a_transition_holds_what_was_seen_and_done() -> None:
    rollout = Rollout(Counting(), make_env(1), seed=0)
    before = rollout.observations
    transition = rollout.step()
    np.testing.assert_array_equal(transition.observations, before)
    assert transition.actions.shape == (1, 2)
    assert rollout.observations is not before


def test_alone_a_policy_acts_as_with_the_wrappers_of_its_training() -> None:
    wrapped = ActionHistory(FrameStack(make_env(), n_frames=3), n_actions=2)
    chain = Chain([StackFrames(3, {"observation": 0}), AppendActions(2, 2)])
    in_training = Rollout(Counting(), wrapped, seed=5)
    alone = Rollout(StandalonePolicy(Counting(), chain), make_env(), seed=5)
    for _ in range(9):
        np.testing.assert_array_equal(in_training.step().actions, alone.step().actions)
