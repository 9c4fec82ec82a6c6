"""`run.json`: command, machine, code, versions and status of a run."""

import json
import os
import platform
import shlex
import subprocess
import sys
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil
import torch

from rl_pipeline.atomic import atomic_write
from rl_pipeline.run.folder import RunFolder, read_json

PACKAGES = (
    "rl-pipeline",
    "stable-baselines3",
    "sb3-contrib",
    "torch",
    "gymnasium",
    "mujoco",
    "mjbatch",
    "numpy",
    "h5py",
    "lightning-fabric",
    "wandb",
)


def describe_run(folder: RunFolder) -> dict[str, Any]:
    """Describe this process, its code and its machine; the code's local changes go to `code.diff`."""
    commit = commit_of_code()
    changes = _git("diff", "HEAD") if commit else None
    if changes:
        with atomic_write(folder.path / "code.diff", mode="w") as file:
            file.write(changes + "\n")
    return {
        "command": shlex.join(sys.orig_argv),
        "started": _now(),
        "status": "running",
        "error": None,
        "git_commit": commit,
        "git_diff": "code.diff" if changes else None,
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in PACKAGES},
        "hardware": _hardware(),
        "wandb_id": None,
    }


def commit_of_code() -> str | None:
    """Return the git commit of the running code; None outside of a git checkout."""
    return _git("rev-parse", "HEAD")


def read_metadata(folder: RunFolder) -> dict[str, Any]:
    """Read `run.json`; a missing or damaged file has no entries."""
    return read_json(folder.metadata)


def update_metadata(folder: RunFolder, **entries: object) -> None:
    """Change entries of `run.json`, written atomically."""
    metadata = {**read_metadata(folder), **entries, "updated": _now()}
    with atomic_write(folder.metadata, mode="w") as file:
        json.dump(metadata, file, indent=2)


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _hardware() -> dict[str, Any]:
    return {
        "machine": platform.machine(),
        "system": platform.platform(),
        "cpu_cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "gpus": [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())],
        "torch_threads": torch.get_num_threads(),
    }


def _git(*arguments: str) -> str | None:
    """Query git about the running code; None outside of a git checkout or without git."""
    command = ["git", "-C", str(Path(__file__).parent), *arguments]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout.strip() if result.returncode == 0 else None
