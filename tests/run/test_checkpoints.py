import json
from pathlib import Path

import pytest

from rl_pipeline.run.checkpoints import MANIFEST, Checkpoint, CheckpointError, thin_out, write_checkpoint


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
    [(damage_by_cutting, "truncated"), (damage_by_altering, "changed"), (Path.unlink, "missing")],
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


@pytest.mark.parametrize("name", ["../../victim.txt", "{absolute}", "sub/state.npz", "state.npz/", "", "."])
def test_no_name_in_a_manifest_leads_out_of_the_checkpoint(tmp_path: Path, name: str) -> None:
    victim = tmp_path / "victim.txt"
    victim.write_text("precious")
    checkpoint = write_checkpoint(tmp_path / "run" / "step_000000100", 100, write_sample)
    manifest = checkpoint.manifest()
    manifest["files"][name.format(absolute=victim)] = {"size": 8, "sha256": "0" * 64}
    (checkpoint.path / MANIFEST).write_text(json.dumps(manifest))
    for use in (thin_out, Checkpoint.verify, Checkpoint.manifest):
        with pytest.raises(
            CheckpointError, match=r"checkpoint\.json is damaged: it lists .*; a checkpoint contains"
        ):
            use(checkpoint)  # type: ignore[operator]
    assert victim.read_text() == "precious"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("timestep", "many", "timestep must be a non-negative integer, is 'many'"),
        ("timestep", -1, "timestep must be a non-negative integer, is -1"),
        ("timestep", None, "timestep must be a non-negative integer, is None"),
        ("resumable", "no", "resumable must be true or false, is 'no'"),
        ("files", {"model.zip": 3}, "model.zip has no size and sha256, but 3"),
        ("files", {"model.zip": {"size": "8", "sha256": ""}}, "model.zip has no size and sha256"),
    ],
)
def test_a_manifest_with_other_values_is_damaged(
    tmp_path: Path, key: str, value: object, message: str
) -> None:
    checkpoint = write_checkpoint(tmp_path / "best", 100, write_sample)
    manifest = {**checkpoint.manifest(), key: value}
    (checkpoint.path / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(CheckpointError, match=message):
        checkpoint.verify()


def test_a_manifest_may_have_any_further_entries(tmp_path: Path) -> None:
    checkpoint = write_checkpoint(tmp_path / "best", 100, write_sample)
    manifest = {**checkpoint.manifest(), "folder": "/elsewhere", "entries": 1}
    (checkpoint.path / MANIFEST).write_text(json.dumps(manifest))
    thin_out(checkpoint)
    assert checkpoint.manifest()["folder"] == "/elsewhere"


def test_a_file_that_is_a_link_is_damage(tmp_path: Path) -> None:
    checkpoint = write_checkpoint(tmp_path / "best", 100, write_sample)
    elsewhere = (checkpoint.path / "model.zip").rename(tmp_path / "elsewhere.zip")
    (checkpoint.path / "model.zip").symlink_to(elsewhere)
    with pytest.raises(CheckpointError, match="is a symbolic link"):
        checkpoint.verify()


def test_a_thinned_out_checkpoint_keeps_its_policy(tmp_path: Path) -> None:
    checkpoint = write_checkpoint(tmp_path / "step_000000100", 100, write_sample)
    thin_out(checkpoint)
    checkpoint.verify()
    assert not checkpoint.resumable
    assert checkpoint.timestep == 100
    assert sorted(path.name for path in checkpoint.path.iterdir()) == ["checkpoint.json", "model.zip"]
