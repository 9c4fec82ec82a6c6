import json
import logging
import math
from pathlib import Path

import pytest

from rl_pipeline.run.checkpoint_store import CheckpointStore, step_name, top_name
from rl_pipeline.run.checkpoints import CheckpointError, write_checkpoint


def write(folder: Path, name: str, timestep: int, *, resumable: bool = True, **details: float) -> None:
    def write_files(path: Path) -> None:
        (path / "model.zip").write_bytes(name.encode())
        (path / "state.npz").write_bytes(b"state")

    write_checkpoint(folder / name, timestep, write_files, resumable=resumable, **details)


@pytest.fixture
def store(tmp_path: Path) -> CheckpointStore:
    write(tmp_path, "init", 0)
    for timestep in (100, 200, 1000):
        write(tmp_path, step_name(timestep), timestep)
    write(tmp_path, "best", 200, resumable=False)
    return CheckpointStore(tmp_path)


def test_checkpoints_are_listed_in_the_order_of_training(store: CheckpointStore) -> None:
    names = [checkpoint.name for checkpoint in store.all()]
    assert names == ["init", "step_000000100", "step_000000200", "step_000001000", "best"]


def test_a_checkpoint_is_found_by_name_or_timestep(store: CheckpointStore) -> None:
    assert store.find("best").timestep == 200
    assert store.find("1000").name == "step_000001000"


def test_a_wrong_name_gives_the_valid_ones(store: CheckpointStore) -> None:
    with pytest.raises(CheckpointError, match=r"init, step_000000100.*Did you mean 'best'"):
        store.find("bset")


def test_the_newest_good_checkpoint_passes_over_damaged_ones(
    store: CheckpointStore, caplog: pytest.LogCaptureFixture
) -> None:
    (store.folder / "step_000001000" / "state.npz").write_bytes(b"")
    with caplog.at_level(logging.WARNING):
        newest = store.newest_good()
    assert newest is not None
    assert newest.timestep == 200
    assert "step_000001000" in caplog.text


def test_a_run_without_a_good_checkpoint_has_none(tmp_path: Path) -> None:
    assert CheckpointStore(tmp_path / "missing").newest_good() is None


def test_old_steps_are_thinned_out_and_stay_playable(store: CheckpointStore) -> None:
    store.keep_last(1)
    assert [checkpoint.resumable for checkpoint in store.steps()] == [False, False, True]
    for checkpoint in store.steps():
        checkpoint.verify()


def test_leftovers_of_a_kill_are_cleaned_up(store: CheckpointStore) -> None:
    (store.folder / "best").rename(store.folder / ".best.old")  # killed between two renames
    (store.folder / ".init.old").mkdir()  # killed before the old one was removed
    (store.folder / ".step_000002000.abcd.tmp").mkdir()
    (store.folder / "init" / ".checkpoint.json.0123456789ab.tmp").touch()
    store.clean_up()
    assert not list(store.folder.glob("init/.*"))
    store.find("best").verify()
    assert not [path for path in store.folder.iterdir() if path.name.startswith(".")]


def test_steps_after_the_one_to_go_on_from_are_dropped(store: CheckpointStore) -> None:
    store.drop_after(150)
    assert [checkpoint.name for checkpoint in store.steps()] == ["step_000000100"]


@pytest.fixture
def store_of_three(store: CheckpointStore) -> CheckpointStore:
    for timestep, mean_return in ((100, 5.0), (200, 7.0), (1000, 5.0)):
        write(store.folder, top_name(timestep), timestep, resumable=False, mean_return=mean_return)
    return store


def test_the_best_are_listed_by_return_and_then_by_age(store_of_three: CheckpointStore) -> None:
    store = store_of_three
    assert [checkpoint.timestep for checkpoint in store.top()] == [200, 100, 1000]
    assert [one.name for one in store.all()][-4:] == [*map(top_name, (100, 200, 1000)), "best"]
    assert [one.name for one in store.history()] == ["init", *map(step_name, (100, 200, 1000))]


@pytest.mark.parametrize(
    ("mean_return", "count", "expected"),
    [
        (5.0, 3, False),
        (5.1, 3, True),
        (-1.0, 4, True),
        (math.nan, 4, False),
        (math.nan, 3, False),
        (8.0, 1, True),
    ],
)
def test_a_return_is_compared_with_those_that_are_kept(
    mean_return: float, count: int, expected: bool, store_of_three: CheckpointStore
) -> None:
    assert store_of_three.is_top(mean_return, count) is expected


def test_only_the_best_are_kept(store_of_three: CheckpointStore) -> None:
    store_of_three.keep_top(2)
    assert [checkpoint.timestep for checkpoint in store_of_three.top()] == [200, 100]


def test_the_best_after_the_timestep_of_a_resume_are_dropped(store_of_three: CheckpointStore) -> None:
    store_of_three.drop_after(150)
    assert [checkpoint.timestep for checkpoint in store_of_three.top()] == [100]


def test_a_damaged_one_of_the_best_is_left_for_its_user(
    store_of_three: CheckpointStore, caplog: pytest.LogCaptureFixture
) -> None:
    manifest = store_of_three.folder / top_name(200) / "checkpoint.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"mean_return": "seven"}))
    assert [checkpoint.timestep for checkpoint in store_of_three.top()] == [100, 1000]
    assert "mean_return must be a number" in caplog.text
    assert top_name(200) in [checkpoint.name for checkpoint in store_of_three.all()]
