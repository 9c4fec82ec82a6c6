from pathlib import Path

import pytest

from rl_pipeline.run.checkpoints import Checkpoint, CheckpointError, thin_out, write_checkpoint


def write_sample(folder: Path) -> None:
    (folder / "model.zip").write_bytes(b"networks")
    (folder / "state.npz").write_bytes(b"everything else")


def test_a_checkpoint_describes_and_verifies_its_files(tmp_path: Path) -> None:
    checkpoint = write_checkpoint(tmp_path / "step_000000100", 100, write_sample, mean_return=3.5)
    checkpoint.verify()
    assert checkpoint.timestep == 100
    assert checkpoint.resumable
    assert checkpoint.manifest()["mean_return"] == 3.5
    assert set(checkpoint.manifest()["files"]) == {"model.zip", "state.npz"}


def test_a_checkpoint_is_replaced_whole(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "best", 100, write_sample)
    newer = write_checkpoint(
        tmp_path / "best", 200, lambda folder: (folder / "model.zip").write_bytes(b"new")
    )
    newer.verify()
    assert newer.timestep == 200
    assert not (tmp_path / "best" / "state.npz").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["best"]


def test_a_failed_write_leaves_the_older_checkpoint(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "best", 100, write_sample)

    def run_out_of_space(folder: Path) -> None:
        write_sample(folder)
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write_checkpoint(tmp_path / "best", 200, run_out_of_space)
    Checkpoint(tmp_path / "best").verify()
    assert Checkpoint(tmp_path / "best").timestep == 100
    assert [path.name for path in tmp_path.iterdir()] == ["best"]


def damage_by_cutting(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def damage_by_altering(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    ("damage", "message"),
    [(damage_by_cutting, "cut short"), (damage_by_altering, "altered"), (Path.unlink, "missing")],
)
def test_damage_is_found_and_named(tmp_path: Path, damage: object, message: str) -> None:
    checkpoint = write_checkpoint(tmp_path / "best", 100, write_sample)
    damage(checkpoint.path / "model.zip")  # type: ignore[operator]
    with pytest.raises(CheckpointError, match=message):
        checkpoint.verify()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 99, "files": {}}'])
def test_a_foreign_manifest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "checkpoint.json").write_text(text)
    with pytest.raises(CheckpointError):
        Checkpoint(tmp_path).manifest()


def test_a_thinned_out_checkpoint_keeps_its_policy(tmp_path: Path) -> None:
    checkpoint = write_checkpoint(tmp_path / "step_000000100", 100, write_sample)
    thin_out(checkpoint)
    checkpoint.verify()
    assert not checkpoint.resumable
    assert checkpoint.timestep == 100
    assert sorted(path.name for path in checkpoint.path.iterdir()) == ["checkpoint.json", "model.zip"]
