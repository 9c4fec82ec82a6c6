"""Checkpoints: folders with everything that a training needs to resume bit-exactly.

checkpoints/<init|best|final|step_000500000|top_000500000>/
    checkpoint.json      timestep, what kind of checkpoint, size and SHA-256 of every other file; written last;
                         in `final`, also the requested length and why the training ended before it
    model.zip            networks and optimizers; loads with stock stable_baselines3
    vecnormalize.pkl     running statistics for stock stable_baselines3; rl_pipeline never reads it
    policy.npz           instead of these two, the file of a learner that is not of Stable-Baselines3
    policy.json          data that the policy needs to act without its simulator; see rl_pipeline/policies/spec.py
    normalizer.npz       running statistics of the observations and rewards, if they are normalised
    environment.npz      shared state of all environments that changes during a training: a curriculum's stage
    state.npz            random states, simulators, wrappers, counters, best score
    replay_buffer.npz    off-policy algorithms
    rank_0001/           state.npz and replay_buffer.npz of the second rank, if several ranks trained; and so on

A checkpoint is written under a temporary name, synced and renamed, so a checkpoint with its final name is complete.
Later damage is detected by its checksums. Old step checkpoints are reduced to their policy, which `record` needs.
"""

import hashlib
import json
import math
import os
import re
import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rl_pipeline.atomic import atomic_write, sync_folder
from rl_pipeline.errors import UserError
from rl_pipeline.learners.learner import MODEL, POLICY, VEC_NORMALIZE
from rl_pipeline.policies.normalizer_file import NORMALIZER
from rl_pipeline.policies.spec import SPEC

MANIFEST = "checkpoint.json"
STATE, EXPERIENCE = "state.npz", "replay_buffer.npz"
LEARNER_FILES = (VEC_NORMALIZE, MODEL, POLICY)
SHARED = "environment.npz"
POLICY_FILES = (*LEARNER_FILES, NORMALIZER, SPEC, SHARED)
FILES = (*POLICY_FILES, STATE, EXPERIENCE)
"""Every file that a checkpoint may contain beside its manifest."""
RANK_FILE = re.compile(rf"rank_(\d{{4}})/({re.escape(STATE)}|{re.escape(EXPERIENCE)})")
FORMAT = 1


class CheckpointError(UserError):
    """Raised for a checkpoint that is missing, damaged, or of another kind."""


class DamagedCheckpointError(CheckpointError):
    """Raised for a checkpoint whose files are not those that were written."""

    def text(self) -> str:
        """Return the message, the notes and a remedy."""
        return f"{super().text()}\nuse another checkpoint of the run: --checkpoint NAME"


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint on disk.

    Attributes:
        path: Its folder.
    """

    path: Path

    @property
    def name(self) -> str:
        """`init`, `best`, `final`, `step_<timesteps>` or `top_<timesteps>`."""
        return self.path.name

    def manifest(self) -> dict[str, Any]:
        """Read `checkpoint.json`.

        A run may be untrusted, so the manifest is checked before it is used; in particular, no name in it may lead
        out of the checkpoint's folder.

        Raises:
            CheckpointError: The manifest is missing, unreadable, of another format, or lists unknown files.
        """
        path = self.path / MANIFEST
        try:
            manifest = json.loads(path.read_text())
            known = manifest["format"] == FORMAT and isinstance(manifest["files"], dict)
        except FileNotFoundError as error:
            raise CheckpointError(f"{self.path} is not a checkpoint: it has no {MANIFEST}") from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DamagedCheckpointError(f"{path} is damaged ({error})") from error
        if not known:
            raise CheckpointError(
                f"{path} was written by another version (format {manifest['format']}, need {FORMAT})"
            )
        _check_entries(path, manifest)
        return manifest

    @property
    def timestep(self) -> int:
        """Timesteps for which the policy had been trained."""
        return int(self.manifest()["timestep"])

    @property
    def mean_return(self) -> float:
        """The mean return of the evaluation that a best or top checkpoint was kept for; NaN for other checkpoints."""
        return float(self.manifest().get("mean_return", math.nan))

    @property
    def loads_elsewhere(self) -> bool:
        """Whether stock Stable-Baselines3 loads its files; version 0.1.0 wrote models that need its own code."""
        return VEC_NORMALIZE in self.manifest()["files"]

    @property
    def resumable(self) -> bool:
        """Whether a training can resume from here; a reduced checkpoint contains only the policy."""
        return bool(self.manifest()["resumable"])

    @property
    def n_ranks(self) -> int:
        """Number of ranks that wrote it."""
        return int(self.manifest().get("ranks", 1))

    def part(self, rank: int) -> Path:
        """Return the folder with the state of a rank."""
        return rank_folder(self.path, rank)

    def early_end(self, total_timesteps: int, max_minutes: float | None = None) -> str | None:
        """Return why a training ended here, before its last timestep; None if it did not, or was extended since.

        Args:
            total_timesteps: Length of the training.
            max_minutes: Time limit in minutes; None for no limit.
        """
        manifest = self.manifest()
        reason, limit = manifest.get("reason"), manifest.get("max_minutes")
        if not reason or total_timesteps > int(manifest["total_timesteps"]):
            return None
        has_more_time = limit is not None and (max_minutes is None or max_minutes > limit)
        return None if has_more_time else str(reason)

    def verify(self) -> None:
        """Compare every file with its checksum.

        Raises:
            DamagedCheckpointError: A file is missing, truncated or changed.
        """
        for name, expected in self.manifest()["files"].items():
            path = self.path / name
            if path.is_symlink():
                raise DamagedCheckpointError(
                    f"{path} is a symbolic link; the checkpoint '{self.name}' is damaged"
                )
            if not path.is_file():
                raise DamagedCheckpointError(f"{path} is missing; the checkpoint '{self.name}' is damaged")
            size = path.stat().st_size
            if size != expected["size"]:
                raise DamagedCheckpointError(
                    f"{path} has {size} bytes instead of {expected['size']}: it is truncated"
                )
            if _sha256(path) != expected["sha256"]:
                raise DamagedCheckpointError(
                    f"{path} was changed after it was written (its checksum differs)"
                )


def _check_entries(path: Path, manifest: dict[str, Any]) -> None:
    """Refuse a manifest whose entries are not those that `write_checkpoint` makes."""
    names = manifest["files"].keys() - set(FILES)
    unknown = sorted(name for name in names if not RANK_FILE.fullmatch(name))
    if unknown:
        listed = ", ".join(map(repr, unknown))
        raise DamagedCheckpointError(
            f"{path} is damaged: it lists {listed}; a checkpoint contains {', '.join(FILES)}"
        )
    for name, described in manifest["files"].items():
        kinds = {"size": int, "sha256": str}
        if not isinstance(described, dict) or not all(
            isinstance(described.get(key), kind) for key, kind in kinds.items()
        ):
            raise DamagedCheckpointError(
                f"{path} is damaged: {name} has no size and sha256, but {described!r}"
            )
    timestep, resumable = manifest.get("timestep"), manifest.get("resumable")
    if type(timestep) is not int or timestep < 0:
        raise DamagedCheckpointError(
            f"{path} is damaged: timestep must be a non-negative integer, is {timestep!r}"
        )
    if not isinstance(resumable, bool):
        raise DamagedCheckpointError(f"{path} is damaged: resumable must be true or false, is {resumable!r}")
    mean_return = manifest.get("mean_return", 0.0)
    if type(mean_return) not in (int, float):
        raise DamagedCheckpointError(f"{path} is damaged: mean_return must be a number, is {mean_return!r}")
    ranks = manifest.get("ranks", 1)
    if type(ranks) is not int or ranks < 1:
        raise DamagedCheckpointError(f"{path} is damaged: ranks must be a positive integer, is {ranks!r}")


def rank_folder(checkpoint: Path, rank: int) -> Path:
    """Return the folder of a rank's state in a checkpoint: for rank 0, the checkpoint's folder itself."""
    return checkpoint / f"rank_{rank:04d}" if rank else checkpoint


def write_checkpoint(
    target: Path,
    timestep: int,
    write_files: Callable[[Path], None],
    *,
    resumable: bool = True,
    **details: Any,
) -> Checkpoint:
    """Write a checkpoint that appears under its name only when it is complete and on the disk.

    Args:
        target: The folder to make or replace.
        timestep: Timesteps for which the policy has been trained.
        write_files: Writes the files to an empty folder.
        resumable: Whether a training can resume from this checkpoint.
        **details: Further plain entries of the manifest.

    Raises:
        OSError: The disk is full or not writable. An older checkpoint of this name is unchanged.
    """
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    temporary.mkdir(parents=True)
    try:
        write_files(temporary)
        paths = (path for path in sorted(temporary.rglob("*")) if path.is_file())
        files = {path.relative_to(temporary).as_posix(): _describe(path) for path in paths}
        for folder in filter(Path.is_dir, temporary.iterdir()):
            sync_folder(folder)
        entries = {"timestep": timestep, "resumable": resumable, "files": files, **details}
        _write_manifest(temporary, entries)
        _replace_folder(temporary, target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return Checkpoint(target)


def thin_out(checkpoint: Checkpoint) -> None:
    """Keep only the policy of a checkpoint; a kill in between leaves a valid checkpoint."""
    manifest = checkpoint.manifest()
    dropped = [name for name in manifest["files"] if name not in POLICY_FILES]
    for name in dropped:
        del manifest["files"][name]
    del manifest["format"]
    _write_manifest(checkpoint.path, {**manifest, "resumable": False})
    for name in dropped:
        (checkpoint.path / name).unlink(missing_ok=True)
    for folder in checkpoint.path.glob("rank_*"):
        shutil.rmtree(folder)


def _write_manifest(folder: Path, entries: Mapping[str, Any]) -> None:
    with atomic_write(folder / MANIFEST, mode="w") as file:
        json.dump({"format": FORMAT, **entries}, file, indent=2)


def _describe(path: Path) -> dict[str, Any]:
    """Sync a file that another library wrote, and measure it."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    return {"size": path.stat().st_size, "sha256": _sha256(path)}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _replace_folder(new: Path, target: Path) -> None:
    """Rename a folder over another; a kill between the two renames leaves the old one as `.<name>.old`."""
    old = previous_name(target)
    if target.exists():
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
    new.rename(target)
    sync_folder(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def previous_name(target: Path) -> Path:
    """Return the temporary name of a checkpoint while a newer one replaces it."""
    return target.with_name(f".{target.name}.old")
