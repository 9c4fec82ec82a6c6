"""Hindsight replay over arrays, compared with that of Stable-Baselines3."""

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from stable_baselines3.her.her_replay_buffer import HerReplayBuffer

from rl_pipeline.learners.sb3.hindsight_replay import HindsightReplayBuffer, NoEpisodeError
from rl_pipeline.learners.sb3.state import replay_buffer_state, restore_replay_buffer

N_ENVS, CAPACITY = 3, 40
GOAL = spaces.Box(-np.inf, np.inf, (2,), np.float64)
OBSERVATION = spaces.Dict(
    {
        "observation": spaces.Box(-np.inf, np.inf, (4,), np.float32),
        "achieved_goal": GOAL,
        "desired_goal": GOAL,
        "mode": spaces.Discrete(3),
        "picture": spaces.Box(0, 255, (1, 36, 36), np.uint8),
    }
)
ACTION = spaces.Box(-1.0, 1.0, (2,), np.float32)


class Rewards:
    """Stands for the environments; a reward also depends on the info of the step."""

    def env_method(self, name: str, achieved: Any, desired: Any, infos: Any, indices: Any) -> list[Any]:
        assert (name, indices, len(infos)) == ("compute_reward", [0], len(achieved))
        extra = [info.get("extra", 0.0) for info in infos]
        return [-np.linalg.norm(achieved - desired, axis=-1) + np.array(extra)]


def make(buffer_class: type[HerReplayBuffer], **kwargs: Any) -> HerReplayBuffer:
    return buffer_class(
        CAPACITY * N_ENVS, OBSERVATION, ACTION, env=Rewards(), device="cpu", n_envs=N_ENVS, **kwargs
    )


def steps(number: int, lengths: tuple[int, ...] = (7, 11, 5), seed: int = 0) -> list[tuple[Any, ...]]:
    """Steps of environments whose episodes have different lengths; every other one ends by a time limit."""
    OBSERVATION.seed(seed)
    rng = np.random.default_rng(seed)

    def batch() -> dict[str, np.ndarray]:
        rows = [OBSERVATION.sample() for _ in range(N_ENVS)]
        return {key: np.stack([row[key] for row in rows]) for key in OBSERVATION.spaces}

    found = []
    for step in range(1, number + 1):
        done = np.array([step % length == 0 for length in lengths])
        infos = [
            {"extra": rng.normal(), "TimeLimit.truncated": bool(end and step // length % 2)}
            for end, length in zip(done, lengths, strict=True)
        ]
        action = rng.uniform(-1, 1, (N_ENVS, 2)).astype(np.float32)
        found.append((batch(), batch(), action, rng.normal(size=N_ENVS), done, infos))
    return found


def filled(buffer_class: type[HerReplayBuffer], number: int, **kwargs: Any) -> Any:
    buffer = make(buffer_class, **kwargs)
    for step in steps(number):
        buffer.add(*step)
    return buffer


def assert_same_samples(first: Any, second: Any) -> None:
    for name, ours, theirs in zip(first._fields, first, second, strict=True):
        if isinstance(ours, dict):
            assert ours.keys() == theirs.keys()
            for key in ours:
                torch.testing.assert_close(ours[key], theirs[key], rtol=0, atol=0, msg=f"{name}.{key}")
        elif ours is not None:
            torch.testing.assert_close(ours, theirs, rtol=0, atol=0, msg=name)


@pytest.mark.parametrize("number", [5, 30, 40, 43, 75, 120, 203])
def test_the_same_transitions_are_valid_as_in_sb3(number: int) -> None:
    ours, theirs = filled(HindsightReplayBuffer, number), filled(HerReplayBuffer, number)
    np.testing.assert_array_equal(ours.ep_length, theirs.ep_length)
    valid = ours.ep_length > 0
    np.testing.assert_array_equal(ours.ep_start[valid], theirs.ep_start[valid])
    assert ours._n_valid == valid.sum()
    np.testing.assert_array_equal(ours.unfinished, (ours.pos - theirs._current_ep_start) % CAPACITY)
    for name in ("actions", "rewards", "dones", "timeouts"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))


@pytest.mark.parametrize("copy_info_dict", [False, True])
@pytest.mark.parametrize("handle_timeout_termination", [False, True])
def test_relabelling_given_transitions_equals_sb3(
    copy_info_dict: bool, handle_timeout_termination: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    kwargs = {"copy_info_dict": copy_info_dict, "handle_timeout_termination": handle_timeout_termination}
    ours, theirs = filled(HindsightReplayBuffer, 95, **kwargs), filled(HerReplayBuffer, 95, **kwargs)
    rng = np.random.default_rng(1)
    rows = rng.choice(np.flatnonzero(ours.ep_length), 64)
    goal_rows = ours.draw_goals(rows[16:])
    indices, goals = np.divmod(rows, N_ENVS), np.divmod(goal_rows, N_ENVS)
    monkeypatch.setattr(theirs, "_sample_goals", lambda *_: theirs.next_observations["achieved_goal"][goals])
    real = theirs._get_real_samples(indices[0][:16], indices[1][:16])
    virtual = theirs._get_virtual_samples(indices[0][16:], indices[1][16:])
    found = ours.transitions(rows, goal_rows)
    part = [
        {key: values[rows_] for key, values in each.items()} if isinstance(each, dict) else each[rows_]
        for rows_ in (slice(16), slice(16, None))
        for each in found
        if each is not None
    ]
    n = len(part) // 2
    assert_same_samples(type(real)(*part[:n]), real)
    assert_same_samples(type(real)(*part[n:]), virtual)


@pytest.mark.parametrize("strategy", ["future", "final", "episode"])
def test_goals_are_drawn_as_by_sb3(strategy: Any) -> None:
    """Both draw each valid pair of transition and goal with the same probability."""
    ours = filled(HindsightReplayBuffer, 95, goal_selection_strategy=strategy)
    theirs = filled(HerReplayBuffer, 95, goal_selection_strategy=strategy)
    ids = np.arange(CAPACITY * N_ENVS, dtype=np.float64).reshape(CAPACITY, N_ENVS)
    theirs.next_observations["achieved_goal"][..., 0] = ids
    np.random.seed(0)
    number = 200_000
    rows = ours.draw_rows(number)
    counts = []
    valid = np.flatnonzero(theirs.ep_length)
    drawn = np.random.choice(valid, number)
    chosen = theirs._sample_goals(*np.divmod(drawn, N_ENVS))[:, 0].astype(int)
    for sources, goals in ((rows, ours.draw_goals(rows)), (drawn, chosen)):
        pairs = np.zeros((CAPACITY * N_ENVS,) * 2)
        np.add.at(pairs, (sources, goals), 1)
        counts.append(pairs)
    assert ((counts[0] > 0) == (counts[1] > 0)).all()
    present = counts[0] > 0
    scatter = (counts[0] - counts[1])[present] / np.sqrt(counts[0] + counts[1])[present]
    assert abs(np.mean(scatter**2) - 1) < 5 * np.sqrt(2 / present.sum())  # chi squared


def test_shares_of_relabelled_transitions_are_those_of_sb3() -> None:
    buffer = filled(HindsightReplayBuffer, 95, n_sampled_goal=4)
    np.random.seed(0)
    batch = buffer.sample(100)
    stored = buffer.observations["desired_goal"].reshape(-1, 2)
    is_stored = [
        bool((stored == goal.numpy()).all(axis=1).any()) for goal in batch.observations["desired_goal"]
    ]
    assert is_stored == [True] * 20 + [False] * 80
    assert not filled(HindsightReplayBuffer, 95, n_sampled_goal=0).her_ratio


def test_of_an_episode_longer_than_the_buffer_the_end_is_kept() -> None:
    buffer = make(HindsightReplayBuffer)
    for step in steps(2 * CAPACITY + 13, lengths=(2 * CAPACITY + 13, 7, 1000)):
        buffer.add(*step)
    assert (buffer.ep_length[:, 0] == CAPACITY).all()
    assert (buffer.ep_start[:, 0] == 13).all()
    assert not buffer.ep_length[:, 2].any()
    assert buffer._n_valid == np.count_nonzero(buffer.ep_length)
    rows = buffer.draw_rows(500)
    assert set(rows % N_ENVS) == {0, 1}
    goals = buffer.draw_goals(rows)
    assert ((goals // N_ENVS - 13) % CAPACITY >= (rows // N_ENVS - 13) % CAPACITY)[rows % N_ENVS == 0].all()
    buffer.truncate_last_trajectory()
    assert (buffer.ep_length[:, 2] == CAPACITY).all()
    assert not buffer.unfinished.any()


def test_half_done_episodes_are_saved_and_restored() -> None:
    whole = make(HindsightReplayBuffer, copy_info_dict=True)
    first, second = steps(60), steps(50, seed=1)
    for step in first:
        whole.add(*step)
    state = replay_buffer_state(whole)
    assert list(whole.unfinished) == [4, 5, 0]
    restored = make(HindsightReplayBuffer, copy_info_dict=True)
    restore_replay_buffer(restored, state)
    for step in second:
        whole.add(*step)
        restored.add(*step)
    samples = []
    for buffer in (whole, restored):
        np.random.seed(5)
        samples.append(buffer.sample(64))
    assert_same_samples(*samples)


def test_a_buffer_that_sb3_filled_is_restored() -> None:
    theirs, ours = filled(HerReplayBuffer, 50), make(HindsightReplayBuffer)
    state = replay_buffer_state(theirs)
    restore_replay_buffer(ours, {**state, "current_ep_start": theirs._current_ep_start})
    for step in steps(30, seed=1):
        theirs.add(*step)
        ours.add(*step)
    np.testing.assert_array_equal(ours.ep_length, theirs.ep_length)


def test_without_a_finished_episode_the_message_says_what_to_do() -> None:
    buffer = make(HindsightReplayBuffer)
    for step in steps(9, lengths=(100, 100, 100)):
        buffer.add(*step)
    with pytest.raises(NoEpisodeError, match=r"none has ended in 9 steps; raise .*learning_starts"):
        buffer.sample(4)
