"""Check of the MuJoCo version of a resumed run against the version that it was trained with."""

import logging
import re
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from rl_pipeline.config.environment import Environment
from rl_pipeline.envs.gymnasium.make import renders_with_opengl

logger = logging.getLogger(__name__)

VERSION = re.compile(r"[\w.+!-]{1,64}")


def mujoco_changes(metadata: Mapping[str, Any], environment: Environment, timestep: int) -> dict[str, Any]:
    """Warn if a run continues with another version of MuJoCo, and return the entry for `run.json`.

    Args:
        metadata: The content of `run.json` before the run continues.
        environment: The section of the run's configuration.
        timestep: Timestep from which the run continues.

    Returns:
        The entry `mujoco_changes` with one more change (`timestep`, `from`, `to`); empty if the version is the same
        or unknown, or if MuJoCo does not simulate the environment.
    """
    versions, earlier_changes = metadata.get("versions"), metadata.get("mujoco_changes")
    before = versions.get("mujoco") if isinstance(versions, dict) else None
    now = version("mujoco")
    if not (isinstance(before, str) and VERSION.fullmatch(before)) or before == now:
        return {}
    if not _simulated_by_mujoco(environment):
        return {}
    logger.warning(
        "this run was trained with MuJoCo %s and continues with MuJoCo %s from timestep %s on; "
        "their simulations may differ",
        before,
        now,
        f"{timestep:,}",
    )
    earlier = earlier_changes if isinstance(earlier_changes, list) else []
    return {"mujoco_changes": [*earlier, {"timestep": timestep, "from": before, "to": now}]}


def _simulated_by_mujoco(environment: Environment) -> bool:
    if environment.backend == "gymnasium":
        return renders_with_opengl(environment.id)
    return environment.backend == "mujoco"
