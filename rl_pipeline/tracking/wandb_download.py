"""Models of a W&B run, fetched for playing, evaluating and exporting them."""

from pathlib import Path
from typing import Any

from rl_pipeline.config.errors import ConfigError, Problem

SCHEME = "wandb:"
API_TIMEOUT = 30
"""Seconds that W&B's server has to answer."""


def download_run(reference: str, folder: Path) -> Path:
    """Download the newest model of a W&B run.

    Args:
        reference: The run, as `wandb:entity/project/id`.
        folder: Where the files of the model go; it is made where it is missing.

    Returns:
        The folder.

    Raises:
        ConfigError: The reference is malformed, nobody is logged in, W&B cannot be reached, or there is no
            such run or no model in it.
    """
    path = _run_path(reference)
    try:
        artifact = _newest_model(reference, path)
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
    if not reference.startswith(SCHEME) or len(path.split("/")) != 3 or not all(path.split("/")):
        raise _refusal(
            reference,
            "is no run on W&B",
            "write `wandb:entity/project/id`, as in the address of the run's page",
        )
    return path


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
