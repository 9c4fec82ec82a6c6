"""Values of Stable-Baselines3's logger, and saving of pending values in a checkpoint."""

from typing import Any

import numpy as np
from stable_baselines3.common.logger import Logger

from rl_pipeline.plain_data import StateDict


def take_values(logger: Logger) -> dict[str, float]:
    """Return the numbers of a logger, and clear it, like a dump.

    Numbers of Python, NumPy or a tensor of shape () are returned under their names (`rollout/`, `train/`, `time/`);
    anything else that SB3 can log (text, figures, images, videos, hyperparameters) is left out.
    """
    values = {key: _number(value) for key, value in logger.name_to_value.items()}
    logger.dump()
    return {key: value for key, value in values.items() if value is not None}


def logger_state(logger: Logger) -> StateDict:
    """Return the values of a logger since its last dump as plain data.

    Off-policy algorithms dump once in several episodes; without this, the first point of a resumed curve
    would not include the values before the checkpoint.

    Args:
        logger: The logger of an SB3 algorithm.

    Returns:
        Plain data for `restore_logger_state`. Scalars of numpy become arrays of shape (), so that their
        dtype, on which running means depend, is kept. Values that are not numbers are left out.
    """
    values: dict[str, Any] = {
        key: np.asarray(value) if isinstance(value, np.generic) else _number(value)
        for key, value in logger.name_to_value.items()
        if _number(value) is not None
    }
    return {
        "name_to_value": values,
        "name_to_count": {key: logger.name_to_count[key] for key in values if key in logger.name_to_count},
        "name_to_excluded": {key: list(logger.name_to_excluded[key]) for key in values},
    }


def restore_logger_state(logger: Logger, state: StateDict) -> None:
    """Replace the values of a logger by those of `state`.

    Args:
        logger: The logger of an SB3 algorithm.
        state: The result of `logger_state`.
    """
    for gathered in (logger.name_to_value, logger.name_to_count, logger.name_to_excluded):
        gathered.clear()
    for key, value in state["name_to_value"].items():
        number: Any = value[()] if isinstance(value, np.ndarray) else value
        logger.name_to_value[key] = number
    logger.name_to_count.update(state["name_to_count"])
    for key, names in state["name_to_excluded"].items():
        logger.name_to_excluded[key] = tuple(names)


def _number(value: Any) -> float | None:
    """Return a number as Python's int or float, and None for anything else."""
    if getattr(value, "shape", None) == ():
        value = value.item()
    return value if isinstance(value, int | float) else None
