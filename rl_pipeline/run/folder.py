"""A run's folder and its files.

experiments/<environment id>/<algorithm>/<experiment name>_<YYYY-MM-DD_HH-MM-SS>/
    model.zip          the newest finished policy; loads with stock stable_baselines3 (docs/use_policy_elsewhere.md)
    vecnormalize.pkl   its running statistics as VecNormalize of stock stable_baselines3
    policy.onnx        the same policy at the end of the training, for programs without the training stack
    policy.parity.json differences between its actions and those of model.zip
    config.yaml        the resolved configuration
    run.json           command, code version, versions, hardware, W&B id, status
    code.diff          local changes to the commit that run.json names
    checkpoints/       init, best, final and step_<timesteps>; see `checkpoints.py`
    videos/  tensorboard/  progress.csv  evaluations.csv  stats.json  progress.png  log.txt
"""

import fcntl
import json
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rl_pipeline.class_path import short_class_path
from rl_pipeline.config.schema import Config
from rl_pipeline.errors import BUSY, RefusedError, UserError

LOCK = ".lock"
DATE = re.compile(r"_(?P<date>\d{4}-\d{2}-\d{2}_\d{2}-\d{2}-\d{2})(_\d+)?$")
DATE_FORMAT = "%Y-%m-%d_%H-%M-%S"


class RunBusyError(UserError):
    """Another process is training this run right now."""

    exit_status = BUSY


@dataclass(frozen=True)
class RunFolder:
    """Paths of one run.

    Attributes:
        path: The folder itself.
    """

    path: Path

    @property
    def model(self) -> Path:
        """The newest finished policy."""
        return self.path / "model.zip"

    @property
    def vec_normalize(self) -> Path:
        """The running statistics of the newest finished policy, for stock Stable-Baselines3."""
        return self.path / "vecnormalize.pkl"

    @property
    def exported(self) -> Path:
        """The newest policy of a finished training as an ONNX file."""
        return self.path / "policy.onnx"

    @property
    def parity(self) -> Path:
        """Report about the ONNX file, as JSON."""
        return self.path / "policy.parity.json"

    @property
    def config(self) -> Path:
        """The resolved configuration."""
        return self.path / "config.yaml"

    @property
    def metadata(self) -> Path:
        """The run's `run.json`."""
        return self.path / "run.json"

    @property
    def checkpoints(self) -> Path:
        """The folder of all checkpoints."""
        return self.path / "checkpoints"

    @property
    def videos(self) -> Path:
        """The folder of all films."""
        return self.path / "videos"

    @property
    def name(self) -> str:
        """The experiment's name with the date."""
        return self.path.name

    @property
    def experiment_name(self) -> str:
        """The experiment's name without the date."""
        return DATE.sub("", self.name)

    @property
    def date(self) -> datetime | None:
        """Start of the run in local time; None for a folder without a date in its name."""
        match = DATE.search(self.name)
        try:
            return datetime.strptime(match["date"], DATE_FORMAT) if match else None
        except ValueError:  # looks like a date, but is not one
            return None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the run for this process; the lock always ends with the process.

        Raises:
            RunBusyError: Another process holds the lock.
            OSError: The file system has no locks.
        """
        busy = RunBusyError(f"{self.path} is being trained by another process; wait for it or stop it")
        with locked_folder(self.path, busy):
            yield

    @property
    def is_locked(self) -> bool:
        """Whether a process holds the run; also true if this cannot be determined."""
        try:
            descriptor = os.open(self.path / LOCK, os.O_RDONLY)
        except FileNotFoundError:
            return False
        except PermissionError:  # another user's run, whose lock cannot be tested
            return True
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:  # held, or on a file system without locks
            return True
        finally:
            os.close(descriptor)
        return False


def read_json(file: Path) -> dict[str, Any]:
    """Read a JSON file of a run; a missing or damaged file has no entries."""
    try:
        entries = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return entries if isinstance(entries, dict) else {}


@contextmanager
def locked_folder(folder: Path, busy: UserError) -> Iterator[None]:
    """Lock a folder for this process; the lock always ends with the process.

    Args:
        folder: An existing folder.
        busy: Raised when another process holds it.

    Raises:
        OSError: The file system has no locks.
    """
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise busy from error
    except OSError as error:
        os.close(descriptor)
        remedy = "mount it with locks (Lustre: flock), or set experiment.folder to a folder elsewhere"
        raise OSError(f"{folder} cannot be locked on its file system ({error}); {remedy}") from error
    try:
        yield
    finally:
        os.close(descriptor)


def folder_name(text: str) -> str:
    """Convert an environment id such as `ALE/Pong-v5` or `tasks/tank.py:Tank` to the name of a folder."""
    text = short_class_path(text).removesuffix("/")
    return re.sub(r"[^\w.+-]+", "_", text).strip("_.") or "environment"


def experiment_parent(config: Config) -> Path:
    """Return the folder that holds all runs of a configuration's environment and algorithm."""
    return (
        Path(config.experiment.folder)
        / folder_name(config.environment.id)
        / folder_name(config.training.algorithm.lower())
    )


def unique_run_path(config: Config) -> Path:
    """Return a unique folder name for a run that starts later, perhaps on another machine."""
    name = f"{config.experiment.name}_{datetime.now():{DATE_FORMAT}}_{secrets.randbelow(10**8):08d}"
    return experiment_parent(config).resolve() / name


def create_run_folder(config: Config, target: Path | None = None) -> RunFolder:
    """Make the folder of a new run; two runs that start in the same second get different folders.

    Args:
        config: The run's configuration, which determines the name.
        target: The folder, instead of a name; it may contain files of a start that was killed.

    Raises:
        OSError: The folder cannot be made.
    """
    if target is not None:
        return _prepared(target)
    parent = experiment_parent(config)
    parent.mkdir(parents=True, exist_ok=True)
    stem = f"{config.experiment.name}_{datetime.now():{DATE_FORMAT}}"
    for attempt in range(1, 1000):
        path = parent / (stem if attempt == 1 else f"{stem}_{attempt}")
        try:
            path.mkdir()
        except FileExistsError:
            continue
        return _prepared(path)
    raise FileExistsError(f"{parent / stem}: too many runs of this name started in this second")


def require_free(target: Path) -> None:
    """Refuse a folder that a new run cannot have as its own.

    Raises:
        RefusedError: It contains a run, or files that no run wrote, or it cannot be written.
    """
    if RunFolder(target).config.exists():
        raise RefusedError(f"{target} already contains a run; add --resume auto, or name another folder")
    if target.exists() and not (target.is_dir() and (any(target.glob(LOCK)) or not any(target.iterdir()))):
        raise RefusedError(f"{target} is not empty, so it cannot be the folder of a run; name another folder")
    if reason := why_not_writable(target):
        raise RefusedError(f"{target} cannot be written ({reason}); name another folder")


def why_not_writable(folder: Path) -> str | None:
    """Return why files cannot be written into a folder, or into the nearest folder above it that exists."""
    existing = next(parent for parent in [folder, *folder.absolute().parents] if parent.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):  # an unnamed file, so that a kill leaves nothing
            return None
    except OSError as error:
        return f"{existing}: {os.strerror(error.errno) if error.errno else error}"


def empty_folder(run: RunFolder) -> None:
    """Remove everything in a run's folder except its lock."""
    for path in run.path.iterdir():
        if path.name == LOCK:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    _prepared(run.path)


def _prepared(path: Path) -> RunFolder:
    run = RunFolder(path.resolve())
    run.checkpoints.mkdir(parents=True, exist_ok=True)
    run.videos.mkdir(exist_ok=True)
    return run


def find_runs(folder: Path) -> list[RunFolder]:
    """List all runs below a folder such as `experiments`, oldest first.

    Folders inside a run, also through the link `latest`, are not runs.
    """
    found = [path.parent for path in folder.glob("*/*/*/config.yaml")]
    runs = [RunFolder(path.resolve()) for path in found if not RunFolder(path.parent).config.exists()]
    return sorted(runs, key=lambda run: (run.path.stat().st_ctime, run.name))
