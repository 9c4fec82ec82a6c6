"""MoCapAct's layout, as its `rollout_experts.py` writes it."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from rl_pipeline.datasets.episode import RolloutFileError
from rl_pipeline.datasets.mocapact import write_mocapact
from rl_pipeline.datasets.rollouts import RolloutDataset
from tests.datasets.sample_episodes import contents, episode

CLIPS = ("CMU_016_15-0-90", "CMU_016_55-0-115")
N_START, N_RANDOM, STEPS, SIZE = 2, 3, 7, 4


def write_theirs(path: Path) -> None:
    rng = np.random.default_rng(0)

    def numbers(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(np.float32)

    with h5py.File(path, "w") as file:
        file.create_dataset("n_start_rollouts", data=N_START)
        file.create_dataset("n_rsi_rollouts", data=N_RANDOM)
        file.create_dataset("ref_steps", data=np.arange(1, 6))
        file.create_dataset("observable_indices/walker/joints_pos", data=np.array([0, 1]))
        file.create_dataset("observable_indices/walker/body_height", data=np.array([2]))
        file.create_dataset("observable_indices/walker/time_in_clip", data=np.array([3]))
        for name in ("proprio", "act", "mean_act"):
            for moment in ("mean", "var"):
                file.create_dataset(f"stats/{name}_{moment}", data=numbers(SIZE))
        file.create_dataset("stats/count", data=70)
        for clip in CLIPS:
            group = file.create_group(clip)
            group["early_termination"] = np.array([False, True, False, False, True])
            for k in range(N_START + N_RANDOM):
                group[f"{k}/observations/proprioceptive"] = numbers(STEPS + 1, SIZE) + k
                for name in ("actions", "mean_actions"):
                    group[f"{k}/{name}"] = numbers(STEPS, 2)
                for name in ("rewards", "values", "advantages"):
                    group[f"{k}/{name}"] = numbers(STEPS)


def test_their_files_are_read(tmp_path: Path) -> None:
    write_theirs(tmp_path / "small.hdf5")
    dataset = RolloutDataset([tmp_path / "small.hdf5"])
    assert len(dataset) == 10
    starts = [entry.origin.start for entry in dataset.entries]
    assert starts == ["start"] * 4 + ["random"] * 6
    assert [dataset[index].origin.expert for index in (0, 2, 4, 7)] == [
        CLIPS[0],
        CLIPS[1],
        CLIPS[0],
        CLIPS[1],
    ]
    names = ("joints_pos[0]", "joints_pos[1]", "body_height[0]", "time_in_clip[0]")
    signal = dataset.contents.spec.observation
    assert not isinstance(signal, dict)
    assert signal.names == names
    with h5py.File(tmp_path / "small.hdf5") as file:
        theirs = file[f"{CLIPS[1]}/3"]
        ours = dataset[8]
        assert (ours.origin.start, ours.origin.number, ours.terminated) == ("random", 1, False)
        assert dataset[9].terminated
        np.testing.assert_array_equal(ours.observations, theirs["observations/proprioceptive"])
        np.testing.assert_array_equal(ours.means, theirs["mean_actions"])
        np.testing.assert_array_equal(ours.advantages, theirs["advantages"])


def test_ours_in_their_layout_are_read_back(tmp_path: Path) -> None:
    episodes = [episode(0, "random"), episode(1), episode(0), episode(1, "random")]
    path = tmp_path / "ours.hdf5"
    write_mocapact(path, contents(), episodes)
    dataset = RolloutDataset([path])
    found = [(entry.origin.start, entry.origin.number) for entry in dataset.entries]
    assert found == [("start", 0), ("start", 1), ("random", 0), ("random", 1)]
    np.testing.assert_array_equal(dataset[1].observations, episodes[1].observations)
    np.testing.assert_array_equal(dataset[3].actions, episodes[3].actions)
    rows = np.concatenate([np.asarray(one.observations) for one in episodes])
    with h5py.File(path) as file:
        assert int(file["n_start_rollouts"][()]) == int(file["n_rsi_rollouts"][()]) == 2
        np.testing.assert_allclose(file["stats/proprio_mean"], rows.mean(axis=0), rtol=1e-5)
        np.testing.assert_allclose(file["stats/proprio_var"], rows.var(axis=0), rtol=1e-5)
        assert file["CMU_000_01/early_termination"].shape == (4,)
        assert file["observable_indices/walker/number_2"][()] == [2]
        returns = file["CMU_000_01/start_metrics/episode_returns"][()]
    np.testing.assert_allclose(returns, [episodes[2].total_reward, episodes[1].total_reward], rtol=1e-6)


def test_experts_with_unequal_numbers_have_no_place(tmp_path: Path) -> None:
    both = contents()
    both.experts["two"] = {}  # type: ignore[index]
    with pytest.raises(RolloutFileError, match="equally many episodes of every expert"):
        write_mocapact(tmp_path / "x.hdf5", both, [episode(0), episode(0, expert="two"), episode(1)])
