"""Checks of the machine: the device, a writable folder, and the policy to start from."""

from pathlib import Path

from rl_pipeline.config.draft import Draft
from rl_pipeline.config.errors import Problem
from rl_pipeline.learners.device import check_device
from rl_pipeline.policies.dextgen_files import find_dextgen_files
from rl_pipeline.run.checkpoints import CheckpointError
from rl_pipeline.run.folder import why_not_writable
from rl_pipeline.run.locate import NotFoundError, find_policy


def check_machine(draft: Draft) -> list[Problem]:
    """Check the device, and that the folder of the runs is writable."""
    return check_device(draft.training.training.device) + check_folder(draft)


def check_folder(draft: Draft) -> list[Problem]:
    """Check that runs can be written into their root folder."""
    folder = draft.experiment.folder
    reason = why_not_writable(Path(folder))
    if reason is None:
        return []
    message, remedy = f"runs cannot be written there ({reason})", "make it writable, or name another folder"
    return [Problem("experiment.folder", message, folder, remedy=remedy)]


def check_pretrained(draft: Draft) -> list[Problem]:
    """Check that the policy to start from exists; a policy on W&B is checked when it is loaded."""
    name = draft.training.pretrained_model
    if name is None or name.startswith("wandb:"):
        return []
    if draft.environment is not None and find_dextgen_files(name, draft.environment.id) is not None:
        return []
    try:
        find_policy(name, Path(draft.experiment.folder))
    except (NotFoundError, CheckpointError) as error:
        remedy = "give a run's folder or name, a checkpoint's folder, or a model.zip"
        return [Problem("training.pretrained_model", str(error), name, remedy=remedy)]
    return []
