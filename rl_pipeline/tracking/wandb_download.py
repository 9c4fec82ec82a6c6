"""Download of a W&B run's models, to play, evaluate and export them."""

import json
import re
from pathlib import Path, PurePosixPath
from typing import Any

from rl_pipeline.atomic import atomic_write
from rl_pipeline.config.errors import ConfigError, Problem

SCHEME = "wandb:"
API_TIMEOUT = 30
"""Time limit of W&B's server in seconds."""
MARK = ".downloaded.json"
"""File in a downloaded folder with its origin; no file of an artifact may have this name."""
PART = re.compile(r"(?!\.)[\w.-]+")
"""A part of a reference, which becomes the name of a folder."""


def download_run(reference: str, folder: Path) -> Path:
    """Download the newest model of a W&B run, and mark the folder as downloaded.

    Args:
        reference: The run, as `wandb:entity/project/id`.
        folder: Folder for the files of the model; it is created if necessary.

    Returns:
        The folder.

    Raises:
        ConfigError: The reference is malformed, nobody is logged in, W&B cannot be reached, or the run does not
            exist or has no model.
    """
    path = _run_path(reference)
    try:
        artifact = _newest_model(reference, path)
        _check_entries(reference, artifact)
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_write(folder / MARK, mode="w") as file:
            json.dump({"from": reference, "version": artifact.version}, file)
        artifact.download(root=str(folder))
    except ConfigError:
        raise
    except Exception as error:  # W&B raises far more than its own errors
        raise _refusal(
            reference,
            f"cannot be downloaded from W&B: {error}",
            "check the run on its web page, the network, and the account with `wandb login`",
        ) from error
    return folder


def _run_path(reference: str) -> str:
    path = reference.removeprefix(SCHEME).strip("/")
    parts = path.split("/")
    if not reference.startswith(SCHEME) or len(parts) != 3 or not all(map(PART.fullmatch, parts)):
        raise _refusal(
            reference,
            "is not a run on W&B",
            "write `wandb:entity/project/id`, as in the address of the run's page",
        )
    return path


def _check_entries(reference: str, artifact: Any) -> None:
    """Refuse an artifact with files outside of the folder, with the mark's name, or from other places."""
    for name, entry in artifact.manifest.entries.items():
        path = PurePosixPath(name)
        if path.is_absolute() or "\\" in name or any(part.startswith(".") for part in path.parts):
            raise _refusal(
                reference,
                f"contains the file {name!r}, which is not a valid name in a run",
                "do not use this run, or check its artifact on W&B",
            )
        if entry.ref is not None:
            raise _refusal(
                reference,
                f"refers to {entry.ref} as its file {name!r} instead of containing it",
                "upload the run's files themselves",
            )


def _newest_model(reference: str, path: str) -> Any:
    import wandb

    if not wandb.login(prompt=False, verify=False):
        raise _refusal(reference, "needs an account on W&B", "run `wandb login` or set WANDB_API_KEY")
    run = wandb.Api(timeout=API_TIMEOUT).run(path)
    models = [artifact for artifact in run.logged_artifacts() if artifact.type == "model"]
    if not models:
        raise _refusal(
            reference,
            "has no model on W&B",
            "wait for its first checkpoint, or upload an offline run with `wandb sync`",
        )
    return max(models, key=lambda model: int(model.version.removeprefix("v")))


def _refusal(reference: str, message: str, remedy: str) -> ConfigError:
    return ConfigError([Problem(key="RUN", message=message, value=reference, remedy=remedy)])
