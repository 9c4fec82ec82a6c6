"""Search for a run or a policy by a folder, a name, a file, or `wandb:entity/project/id`."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rl_pipeline.config.errors import nearest
from rl_pipeline.errors import UserError
from rl_pipeline.plotting.run_data import run_identity
from rl_pipeline.run.checkpoint_store import CheckpointStore
from rl_pipeline.run.checkpoints import Checkpoint
from rl_pipeline.run.folder import RunFolder, find_runs

DEFAULT_ROOT = Path("experiments")


class NotFoundError(UserError):
    """Raised when a run or a policy does not exist; the message lists the existing ones."""


@dataclass(frozen=True)
class PolicyFiles:
    """Location of a policy.

    Attributes:
        model: Its `model.zip`.
        checkpoint: The checkpoint that contains it, with the running statistics; None for a single file.
    """

    model: Path
    checkpoint: Checkpoint | None


def find_run(name: str, root: Path = DEFAULT_ROOT) -> RunFolder:
    """Find a run.

    Args:
        name: Its folder, which may be relative to `root`; its name below `root`, with or without the date (then the
            newest of that name); or `wandb:entity/project/id`, which is downloaded below `root`.
        root: The root of all runs.

    Raises:
        NotFoundError: The run does not exist, or its folder contains links that lead out of it.
    """
    run = _find(name, root)
    _refuse_links(run)
    return run


def _find(name: str, root: Path) -> RunFolder:
    if name.startswith("wandb:"):
        return _download(name, root)
    path = Path(name).expanduser()
    if named := _in_folder(path, root):
        return named
    runs = find_runs(root)
    matching = [
        run for run in runs if name in (run.name, run.experiment_name) or str(run.path).endswith(f"/{name}")
    ]
    if matching:
        return matching[-1]
    if path.is_dir():
        raise NotFoundError(f"{path} is not the folder of a run: it has no config.yaml")
    names = [run.name for run in runs]
    close = nearest(name, [*names, *(run.experiment_name for run in runs)])
    hint = f" Did you mean '{close}'?" if close else ""
    there = ", ".join(names[-10:]) if names else "none yet"
    raise NotFoundError(f"no run '{name}'. Runs in {root}: {there}.{hint}")


def _in_folder(path: Path, root: Path) -> RunFolder | None:
    folders = [folder for folder in (path, root / path) if RunFolder(folder).config.is_file()]
    return RunFolder(folders[0].resolve()) if folders else None


def find_seeds(name: str, root: Path = DEFAULT_ROOT) -> list[RunFolder]:
    """Find runs to compare.

    Args:
        name: The name of an experiment, which selects the newest run of each of its seeds, in each environment and
            with each algorithm; or one run, as for `find_run`.
        root: The root of all runs.

    Raises:
        NotFoundError: As for `find_run`.
    """
    run = find_run(name, root)
    if run.experiment_name != name or _in_folder(Path(name).expanduser(), root):
        return [run]
    newest = {run_identity(each.path): each for each in find_runs(root) if each.experiment_name == name}
    for each in newest.values():
        _refuse_links(each)
    return list(newest.values())


WANDB_FOLDER = "wandb"
"""Folder of a run that W&B's library fills, with links to its own logs."""


def _refuse_links(run: RunFolder) -> None:
    """Refuse a folder whose links would let a training write or delete files elsewhere.

    Raises:
        NotFoundError: The folder contains such a link.
    """
    for path in _entries(run.path):
        if path.is_symlink() and not path.resolve().is_relative_to(run.path):
            raise NotFoundError(
                f"{run.path} cannot be used: {path.relative_to(run.path)} is a symbolic link to {path.readlink()}, "
                "out of the run's folder; replace the link by its target"
            )


def _entries(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        yield from (Path(place, name) for name in [*folders, *files])
        if Path(place) == folder and WANDB_FOLDER in folders:
            folders.remove(WANDB_FOLDER)


def find_policy(name: str, root: Path = DEFAULT_ROOT) -> PolicyFiles:
    """Find a trained policy: a `.zip` file, a checkpoint's folder, or a run (its best, otherwise its newest policy).

    Raises:
        NotFoundError: The policy does not exist.
        CheckpointError: The policy is damaged.
    """
    path = Path(name).expanduser()
    file = next((file for file in (path, path.with_name(path.name + ".zip")) if file.is_file()), None)
    if file is not None:
        inside = Checkpoint(file.parent)
        return PolicyFiles(file, inside if (file.parent / "checkpoint.json").is_file() else None)
    if (path / "checkpoint.json").is_file():
        return _of_checkpoint(Checkpoint(path.resolve()))
    if path.suffix == ".zip" or ("/" in name and not path.exists()):
        raise NotFoundError(f"the file '{name}' does not exist (looked at {path.resolve()})")
    return _of_checkpoint(choose_checkpoint(find_run(name, root)))


def choose_checkpoint(run: RunFolder, name: str | None = None) -> Checkpoint:
    """Choose a checkpoint by name or timestep; the default is the best, otherwise the newest; `model` is the newest.

    Raises:
        NotFoundError: The run has no checkpoint yet.
        CheckpointError: The run has no checkpoint of this name.
    """
    store = CheckpointStore(run.checkpoints)
    checkpoints = store.all()
    if not checkpoints:
        raise NotFoundError(f"{run.path} has no checkpoint yet")
    if name not in (None, "model"):
        return store.find(str(name))
    best = checkpoints[-1] if checkpoints[-1].name == "best" else None
    if name is None and best is not None:
        return best
    return max(store.history() or checkpoints, key=lambda each: each.timestep)


def _of_checkpoint(checkpoint: Checkpoint) -> PolicyFiles:
    checkpoint.verify()
    return PolicyFiles(checkpoint.path / "model.zip", checkpoint)


def _download(reference: str, root: Path) -> RunFolder:
    from rl_pipeline.tracking.wandb_download import download_run

    folder = root / "wandb" / reference.removeprefix("wandb:")
    return RunFolder(download_run(reference, folder).resolve())
