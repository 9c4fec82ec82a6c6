"""A checkpoint of several ranks appears when all have written their parts, or not at all."""

import json
from pathlib import Path

import pytest

from rl_pipeline.learners.parallel.ranks import Ranks
from rl_pipeline.run.checkpoints import Checkpoint, CheckpointError, rank_folder, thin_out
from rl_pipeline.run.shared_checkpoint import write_together
from tests.thread_ranks import in_ranks

N = 3


def write(target: Path, ranks: Ranks, failing: int | None = None) -> Checkpoint:
    def write_part(folder: Path) -> None:
        if ranks.rank == failing:
            raise OSError(28, "No space left on device")
        part = rank_folder(folder, ranks.rank)
        part.mkdir(exist_ok=True)
        (part / "state.npz").write_bytes(b"%d" % ranks.rank)
        if ranks.leads:
            (part / "model.zip").write_bytes(b"model")

    return write_together(target, 100, ranks, write_part)


def test_all_parts_are_in_it_and_are_verified(tmp_path: Path) -> None:
    target = tmp_path / "step_000000100"
    assert in_ranks(N, lambda ranks: write(target, ranks)) == [Checkpoint(target)] * N
    checkpoint = Checkpoint(target)
    checkpoint.verify()
    assert checkpoint.n_ranks == N
    assert [(checkpoint.part(rank) / "state.npz").read_bytes() for rank in range(N)] == [b"0", b"1", b"2"]
    (checkpoint.part(2) / "state.npz").write_bytes(b"x")
    with pytest.raises(CheckpointError, match=r"rank_0002/state.npz was changed"):
        checkpoint.verify()


@pytest.mark.parametrize("failing", range(N))
def test_a_rank_that_cannot_write_leaves_the_older_one_and_is_known_to_all(
    tmp_path: Path, failing: int
) -> None:
    target = tmp_path / "final"
    in_ranks(N, lambda ranks: write(target, ranks))
    errors = in_ranks(N, lambda ranks: write(target, ranks, failing))
    assert all(isinstance(error, OSError) and error.errno == 28 for error in errors)
    Checkpoint(target).verify()
    assert [path.name for path in tmp_path.iterdir()] == ["final"]


def test_a_folder_that_cannot_be_made_is_known_to_all(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    errors = in_ranks(N, lambda ranks: write(tmp_path / "file" / "final", ranks))
    assert all(isinstance(error, NotADirectoryError) for error in errors)


def test_thinning_out_drops_the_parts_of_all_ranks(tmp_path: Path) -> None:
    target = tmp_path / "step_000000100"
    in_ranks(N, lambda ranks: write(target, ranks))
    thin_out(Checkpoint(target))
    Checkpoint(target).verify()
    assert sorted(path.name for path in target.iterdir()) == ["checkpoint.json", "model.zip"]


@pytest.mark.parametrize("name", ["rank_0001/../../x", "rank_1/state.npz", "rank_0001/model.zip"])
def test_a_manifest_names_no_other_files_of_ranks(tmp_path: Path, name: str) -> None:
    target = tmp_path / "final"
    in_ranks(1, lambda ranks: write(target, ranks))
    manifest = target / "checkpoint.json"
    manifest.write_text(manifest.read_text().replace("state.npz", name))
    with pytest.raises(CheckpointError, match="is damaged: it lists"):
        Checkpoint(target).verify()


@pytest.mark.parametrize("ranks", [0, "2", True])
def test_a_manifest_with_a_broken_number_of_ranks_is_refused(tmp_path: Path, ranks: object) -> None:
    target = tmp_path / "final"
    in_ranks(2, lambda each: write(target, each))
    manifest = target / "checkpoint.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"ranks": ranks}))
    with pytest.raises(CheckpointError, match="ranks must be a positive integer"):
        Checkpoint(target).verify()
