"""Files of rollouts as one sequence."""

from pathlib import Path

import pytest

from rl_pipeline.datasets.episode import RolloutFileError
from rl_pipeline.datasets.rollout_store import RolloutStore
from rl_pipeline.datasets.rollouts import RolloutDataset
from tests.datasets.sample_episodes import contents, episode


def write(path: Path, *, expert: str, size: int = 3) -> Path:
    with RolloutStore(path, contents(expert, size)) as store:
        store.add([episode(0, "random", expert=expert, size=size), episode(0, expert=expert, size=size)])
        store.consolidate()
    return path


def test_episodes_from_the_start_come_first(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{expert}.hdf5", expert=expert) for expert in ("one", "two")]
    dataset = RolloutDataset(paths)
    found = [(one.origin.start, one.origin.expert) for one in dataset]
    assert found == [("start", "one"), ("start", "two"), ("random", "one"), ("random", "two")]
    assert [entry.steps for entry in dataset.entries] == [5] * 4
    assert list(dataset.contents.experts) == ["one", "two"]
    dataset.close()
    assert len(dataset[3]) == 5


def test_files_of_other_observations_do_not_join(tmp_path: Path) -> None:
    paths = [write(tmp_path / "one.hdf5", expert="one"), write(tmp_path / "two.hdf5", expert="two", size=4)]
    with pytest.raises(
        RolloutFileError, match=r"two.hdf5 contains box \(4,\) float32, but .*one.hdf5 contains box"
    ):
        RolloutDataset(paths)
