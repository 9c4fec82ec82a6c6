"""The file that episodes are added to, and what is left of it after a kill."""

import resource
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from rl_pipeline.datasets.episode import RolloutFileError
from rl_pipeline.datasets.rollout_store import UNFINISHED, RolloutStore
from rl_pipeline.datasets.rollouts import RolloutDataset
from tests.datasets.sample_episodes import assert_same, contents, episode


def test_episodes_come_back_as_they_were(tmp_path: Path) -> None:
    out = tmp_path / "out.hdf5"
    of_dicts = replace(
        episode(1), observations={"a": np.ones((6, 2)), "b": np.zeros((6, 1), np.uint8)}, values=None
    )
    with RolloutStore(out, contents()) as store:
        store.add([episode(0)])
        store.add([of_dicts])
        store.consolidate()
    assert list(tmp_path.iterdir()) == [out]
    dataset = RolloutDataset([out])
    assert_same(dataset[0], episode(0))
    assert isinstance(dataset[1].observations, dict)
    assert dataset[1].observations["b"].dtype == np.uint8
    assert dataset[1].values is None
    assert dataset.contents.spec.rate == 20.0
    assert dataset.contents.spec.action.names == ("number_0", "number_1")
    assert (dataset.contents.observed, dataset.contents.commit) == ("raw", "abc")
    with h5py.File(out) as file:
        assert file["episodes/000000/actions"].compression == "gzip"


def test_parts_of_a_killed_process_are_taken_over(tmp_path: Path) -> None:
    out = tmp_path / "out.hdf5"
    with RolloutStore(out, contents()) as store:
        store.add([episode(0)])
        store.consolidate()
    with RolloutStore(out, contents("two")) as store:  # it never gets to its end
        store.add([episode(1, expert="two"), episode(2, expert="two")])
        (store.parts / UNFINISHED).write_text("half a file")
    with RolloutStore(out, contents()) as store:
        assert len(store.origins) == 3
        store.consolidate()
    dataset = RolloutDataset([out])
    assert [len(dataset), list(dataset.contents.experts)] == [3, ["one", "two"]]


def test_a_kill_before_the_parts_are_removed_doubles_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out.hdf5"
    with RolloutStore(out, contents()) as store:
        store.add([episode(0)])
        part = (store.parts / "000001.hdf5").read_bytes()
        store.consolidate()
        store.parts.mkdir()
        (store.parts / "000001.hdf5").write_bytes(part)
    with RolloutStore(out, contents()) as store:
        store.add([episode(1)])
        store.consolidate()
    assert [one.origin.number for one in RolloutDataset([out])] == [0, 1]


def test_one_process_at_a_time_adds_to_a_file(tmp_path: Path) -> None:
    with (
        RolloutStore(tmp_path / "out.hdf5", contents()),
        pytest.raises(RolloutFileError, match="another process adds to"),
    ):
        RolloutStore(tmp_path / "out.hdf5", contents())


def test_other_observations_are_not_added(tmp_path: Path) -> None:
    with RolloutStore(tmp_path / "out.hdf5", contents()) as store:
        store.add([episode(0)])
        store.consolidate()
    with pytest.raises(RolloutFileError, match=r"box \(4,\) float32.*cannot be added; give another --out"):
        RolloutStore(tmp_path / "out.hdf5", contents(size=4))


def test_a_disk_that_is_full_loses_no_part(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with RolloutStore(tmp_path / "out.hdf5", contents()) as store:
        for number in range(8):
            store.add([episode(number, steps=200)])
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, hard))
        try:
            with pytest.raises(OSError, match=r"out.hdf5 could not be written: .*File too large"):
                store.consolidate()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        store.consolidate()
    assert len(RolloutDataset([tmp_path / "out.hdf5"])) == 8


def test_damaged_and_foreign_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RolloutFileError, match="does not exist"):
        RolloutDataset([tmp_path / "none.hdf5"])
    (tmp_path / "text.hdf5").write_text("no HDF5")
    with pytest.raises(RolloutFileError, match="cannot be opened"):
        RolloutDataset([tmp_path / "text.hdf5"])
    h5py.File(tmp_path / "other.hdf5", "w").close()
    with pytest.raises(RolloutFileError, match="is not a file of rollouts"):
        RolloutDataset([tmp_path / "other.hdf5"])


def test_links_to_other_files_are_not_followed(tmp_path: Path) -> None:
    out, secret = tmp_path / "out.hdf5", tmp_path / "secret.hdf5"
    with RolloutStore(out, contents()) as store:
        store.add([episode(0)])
        store.consolidate()
    with h5py.File(secret, "w") as file:
        file["rewards"] = np.zeros(5)
    with h5py.File(out, "r+") as file:
        del file["episodes/000000/rewards"]
        file["episodes/000000/rewards"] = h5py.ExternalLink(str(secret), "rewards")
    with pytest.raises(RolloutFileError, match="has no array 'rewards'"):
        RolloutDataset([out])[0]
