"""Collection of episodes: what is recorded does not depend on how."""

from collections.abc import Callable
from pathlib import Path

import gymnasium
import numpy as np
import pytest

from rl_pipeline.datasets.episode import Episode
from rl_pipeline.datasets.rollout_store import RolloutStore
from rl_pipeline.datasets.rollouts import RolloutDataset
from rl_pipeline.errors import RefusedError
from rl_pipeline.learners.sb3.policy import SB3Policy
from rl_pipeline.run.collect import CollectionPlan, collect, contents_of
from rl_pipeline.run.control import TrainingControl
from rl_pipeline.run.expert import Expert, find_expert, open_expert
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.locate import choose_checkpoint

LIMIT = "environment.wrappers=[{time_limit: {max_episode_steps: 12}}, {frame_stack: {n_frames: 2}}]"
Train = Callable[..., RunFolder]


@pytest.fixture
def expert(train: Train) -> Expert:
    run = train(
        "ppo",
        LIMIT,
        "environment.normalize=true",
        "training.algorithm_parameters={n_steps: 40}",
        environment_id="Pendulum-v1",
    )
    return find_expert(run, choose_checkpoint(run))


def record(expert: Expert, plan: CollectionPlan, path: Path) -> list[Episode]:
    with RolloutStore(path, contents_of([expert], plan)) as store:
        collect([expert], plan, store, TrainingControl(), lambda *_: None)
        store.consolidate()
    episodes = list(RolloutDataset([path]))
    return sorted(episodes, key=lambda one: (one.origin.start != "start", one.origin.number))


def test_the_number_of_environments_changes_nothing(expert: Expert, tmp_path: Path) -> None:
    runs = [
        record(
            expert,
            CollectionPlan(5, 3, noise=0.2, n_environments=n, longest_prefix=6),
            tmp_path / f"{n}.hdf5",
        )
        for n in (1, 3)
    ]
    for one, other in zip(*runs, strict=True):
        assert (one.origin, one.seed, one.prefix) == (other.origin, other.seed, other.prefix)
        np.testing.assert_allclose(one.actions, other.actions, atol=1e-5)
        np.testing.assert_allclose(one.advantages, other.advantages, atol=1e-3)
    assert {one.origin.start for one in runs[0]} == {"start", "random"}
    assert all(len(one) == 12 - one.prefix and one.truncated for one in runs[0])
    assert any(one.prefix for one in runs[0])


def test_a_raw_recording_plays_back_in_the_bare_environment(expert: Expert, tmp_path: Path) -> None:
    for episode in record(expert, CollectionPlan(2, noise=0.3), tmp_path / "raw.hdf5"):
        env = gymnasium.make("Pendulum-v1")
        observation, _ = env.reset(seed=episode.seed)
        assert episode.observations.shape == (13, 3)
        assert not np.array_equal(episode.actions, episode.means)
        for step, action in enumerate(episode.actions):
            np.testing.assert_array_equal(episode.observations[step], observation)
            observation, reward, *_ = env.step(action)
            assert float(reward) == episode.rewards[step]
        np.testing.assert_array_equal(episode.observations[-1], observation)


def test_seen_observations_are_those_of_the_networks(expert: Expert, tmp_path: Path) -> None:
    (raw,) = record(expert, CollectionPlan(1), tmp_path / "raw.hdf5")
    (seen,) = record(expert, CollectionPlan(1, observed="seen"), tmp_path / "seen.hdf5")
    assert seen.observations.shape == (13, 6)
    np.testing.assert_allclose(raw.actions, seen.actions, atol=1e-5)
    np.testing.assert_allclose(raw.values, seen.values, rtol=1e-4)


def test_values_have_the_units_of_the_rewards(expert: Expert, tmp_path: Path) -> None:
    (episode,) = record(expert, CollectionPlan(1, observed="seen"), tmp_path / "seen.hdf5")
    scale = expert.reward_scale()
    assert scale > 1.5
    with open_expert(expert, "seen", 1) as (policy, _):
        assert isinstance(policy, SB3Policy)
        values = policy.values(episode.observations, None, np.zeros(13, bool))
    assert values is not None
    np.testing.assert_allclose(episode.values, values[:-1] * scale, rtol=1e-4)
    error = episode.rewards[-1] + expert.gamma * values[-1] * scale - episode.values[-1]
    np.testing.assert_allclose(episode.advantages[-1], error, rtol=1e-3)


def test_policies_without_a_value_function_record_none(train: Train, tmp_path: Path) -> None:
    run = train("sac", environment_id="Pendulum-v1")
    (episode,) = record(find_expert(run, choose_checkpoint(run)), CollectionPlan(1), tmp_path / "x.hdf5")
    assert episode.values is None
    assert episode.advantages is None


def test_discrete_actions_take_no_noise(train: Train, tmp_path: Path) -> None:
    run = train("a2c", environment_id="CartPole-v1")
    expert = find_expert(run, choose_checkpoint(run))
    with pytest.raises(RefusedError, match="noise needs continuous actions"):
        record(expert, CollectionPlan(1, noise=0.1), tmp_path / "x.hdf5")
    episodes = record(expert, CollectionPlan(2), tmp_path / "y.hdf5")
    assert all(one.terminated or one.truncated for one in episodes)


def test_experts_of_other_robots_go_into_other_files(expert: Expert, train: Train) -> None:
    run = train("a2c", environment_id="CartPole-v1")
    with pytest.raises(RefusedError, match="collect them into different files"):
        contents_of([expert, find_expert(run, choose_checkpoint(run))], CollectionPlan(1))
