"""What a student learns from: the split, windows, the order, transforms and weights."""

import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rl_pipeline.config.distillation import Distillation
from rl_pipeline.datasets.episode import Contents, Episode, RolloutFileError
from rl_pipeline.datasets.rollout_store import RolloutStore
from rl_pipeline.datasets.rollouts import RolloutDataset
from rl_pipeline.learners.distillation.data import Sequence32, Windows, observe, split
from rl_pipeline.learners.distillation.weights import make_weights
from rl_pipeline.policies.transforms import AppendActions, Chain, StackFrames
from tests.learners.distillation.sample_rollouts import episode, spec, write_rollouts


def settings(**values: Any) -> Distillation:
    return Distillation(files=["none"], **values)


def prepare(one: Episode) -> Sequence32:
    return Sequence32(np.asarray(one.observations)[:-1], one.means, np.ones(len(one), np.float32))


@pytest.fixture
def dataset(tmp_path: Path) -> RolloutDataset:
    return RolloutDataset([write_rollouts(tmp_path / "x.hdf5", n=4, experts=("one", "three", "seven"))])


def test_episodes_or_experts_are_held_out(dataset: RolloutDataset) -> None:
    by_episode = split(dataset, settings(validation=0.25), seed=0)
    assert (len(by_episode.training), len(by_episode.validation)) == (9, 3)
    assert sorted(by_episode.training + by_episode.validation) == list(range(12))
    by_expert = split(dataset, settings(validation=0.3, split="expert"), seed=0)
    experts = {dataset.entries[position].origin.expert for position in by_expert.validation}
    assert (len(experts), len(by_expert.validation)) == (1, 4)
    assert split(dataset, settings(validation=0.0), seed=0).validation == []
    assert split(dataset, settings(validation=0.9), seed=1).training


@pytest.mark.parametrize("cache", [0, 100])
def test_an_epoch_holds_every_step_once(dataset: RolloutDataset, cache: int) -> None:
    steps = sum(entry.steps for entry in dataset.entries)
    for length in (None, 4):
        chosen = settings(sequence_length=length, batch_size=5, cache_megabytes=cache)
        windows = Windows(dataset, range(12), prepare, chosen)
        batches = list(windows.batches(windows.order(3, 0)))
        assert len(batches) == len(windows)
        assert (
            sum(batch.n_steps for batch in batches) == sum(batch.weights.sum() for batch in batches) == steps
        )
        assert max(max(batch.lengths) for batch in batches) == (length or 14)
        assert not np.array_equal(windows.order(3, 0), windows.order(3, 1))
        rest = list(windows.batches(windows.order(3, 0), first=2))
        np.testing.assert_array_equal(rest[0].inputs, batches[2].inputs)


def test_batches_hold_windows_of_similar_lengths(tmp_path: Path) -> None:
    dataset = RolloutDataset([write_rollouts(tmp_path / "x.hdf5", n=24)])
    windows = Windows(dataset, range(24), prepare, settings(batch_size=4))
    lengths = [batch.lengths for batch in windows.batches(windows.order(3, 0))]
    assert all(max(one) - min(one) == 3 * 3 for one in lengths)  # lengths are 3 apart
    assert lengths != sorted(lengths)


def test_memory_stays_bounded_on_a_larger_file(tmp_path: Path) -> None:
    steps, n = 20_000, 24
    contents = Contents(spec(), "raw", "Pendulum-v1", {"one": {}})
    with RolloutStore(tmp_path / "large.hdf5", contents) as store:
        store.add([episode(number, steps) for number in range(n)])
        store.consolidate()
    dataset = RolloutDataset([tmp_path / "large.hdf5"])
    windows = Windows(
        dataset, range(n), prepare, settings(sequence_length=50, batch_size=4, cache_megabytes=1)
    )
    size = n * prepare(dataset[0]).nbytes
    order = windows.order(0, 0)
    tracemalloc.start()
    for count, _ in enumerate(windows.batches(order)):
        if count == 12:
            break
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4e6 < size


def test_transforms_with_a_memory_see_the_episode_from_its_start() -> None:
    one = episode(0, 4)
    raw = np.asarray(one.observations)
    seen = np.asarray(observe(Chain([StackFrames(2, {"observation": 0}), AppendActions(1, 1)]), one))
    assert seen.shape == (5, 7)
    np.testing.assert_array_equal(seen[0], [*raw[0], *raw[0], 0.0])
    np.testing.assert_array_equal(seen[3], [*raw[2], *raw[3], *one.actions[2]])


@pytest.mark.parametrize("weights", ["bc", "awr", "rwr", "cwr"])
def test_the_mean_weight_is_one(weights: Any) -> None:
    episodes = [episode(number, 20, expert) for number in range(3) for expert in ("one", "three")]
    weigh = make_weights(settings(weights=weights, temperature=0.5), lambda: episodes)
    assert np.concatenate([weigh(one) for one in episodes]).mean() == pytest.approx(1.0, rel=1e-5)


def test_better_steps_and_experts_weigh_more() -> None:
    episodes = [episode(number, 20, expert) for number in range(3) for expert in ("one", "three")]
    by_advantage = make_weights(settings(weights="awr", temperature=0.5), lambda: episodes)(episodes[0])
    advantages = episodes[0].advantages
    assert advantages is not None
    np.testing.assert_allclose(np.diff(np.log(by_advantage)), np.diff(advantages) / 0.5, rtol=1e-3)
    by_expert = make_weights(settings(weights="cwr"), lambda: episodes)
    assert by_expert(episodes[1])[0] > by_expert(episodes[0])[0]  # "three" has the larger rewards


def test_weights_that_need_values_say_so() -> None:
    without = [replace(episode(0, 5), values=None, advantages=None)]
    with pytest.raises(RolloutFileError, match="awr needs advantages, which one does not have"):
        make_weights(settings(weights="awr"), lambda: without)
