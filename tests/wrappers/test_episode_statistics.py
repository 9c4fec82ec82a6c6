from collections.abc import Callable
from typing import Any

import numpy as np

from rl_pipeline.wrappers.episode_statistics import EpisodeStatistics

ACTIONS = np.zeros((3, 2))


def test_episodes_are_summed_per_environment(make_env: Callable[..., Any]) -> None:
    env = EpisodeStatistics(make_env(lengths=(3, 5, 100)))
    env.reset(seed=0)
    rewards, xs = np.zeros((3, 15)), np.zeros((3, 15))
    begins, n_episodes = np.zeros(3, dtype=int), 0
    for step in range(15):
        _, rewards[:, step], terminated, truncated, infos = env.step(ACTIONS)
        xs[:, step] = infos["x_position"]
        done = terminated | truncated
        assert ("episode" in infos) == done.any()
        for i in np.flatnonzero(done):
            n_episodes += 1
            episode, span = infos["episode"], slice(begins[i], step + 1)
            assert infos["_episode"][i]
            assert episode["l"][i] == step + 1 - begins[i]
            assert episode["t"][i] >= 0
            np.testing.assert_allclose(episode["r"][i], rewards[i, span].sum(), rtol=1e-12)
            np.testing.assert_allclose(episode["x_position_mean"][i], xs[i, span].mean(), rtol=1e-12)
            assert episode["x_position_final"][i] == xs[i, step]
            assert episode["distance"][i] == xs[i, step] - xs[i, begins[i]]
            begins[i] = step + 1
        if done.any():
            np.testing.assert_array_equal(infos["_episode"], done)
    assert n_episodes == 5 + 3


def test_success_is_that_of_the_last_step(make_env: Callable[..., Any]) -> None:
    env = EpisodeStatistics(make_env(lengths=(3, 4)))
    env.reset(seed=0)
    episodes = [env.step(np.zeros((2, 2)))[4].get("episode") for _ in range(4)]
    assert episodes[2]["success"][0] == 1.0  # odd steps succeed
    assert episodes[3]["success"][1] == 0.0
    assert episodes[3]["is_success_mean"][1] == 0.5


def test_masked_metrics_count_only_where_they_are_present(make_env: Callable[..., Any]) -> None:
    class ContactEnv(make_env):  # type: ignore[misc]
        def step(self, actions: Any) -> Any:
            *result, infos = super().step(actions)
            if self.steps[0] == 2:
                infos |= {"force": np.array([7.0, np.nan]), "_force": np.array([True, False])}
            infos |= {"label": np.array(["a", "b"]), "_label": np.array([True, True])}
            return *result, infos

    env = EpisodeStatistics(ContactEnv(lengths=(4, 4)))
    env.reset(seed=0)
    episode = [env.step(np.zeros((2, 2)))[4] for _ in range(4)][-1]["episode"]
    np.testing.assert_array_equal(episode["force_mean"], [7.0, np.nan])
    np.testing.assert_array_equal(episode["force_final"], [7.0, np.nan])
    assert not any("label" in key for key in episode)


def test_report_is_not_changed_by_later_steps(make_env: Callable[..., Any]) -> None:
    env = EpisodeStatistics(make_env(lengths=(1, 1)))
    env.reset(seed=0)
    episode = env.step(np.zeros((2, 2)))[4]["episode"]
    before = {key: values.copy() for key, values in episode.items()}
    env.step(np.zeros((2, 2)))
    for key, values in episode.items():
        np.testing.assert_array_equal(values, before[key])
