"""Joins Stable-Baselines3's logger to a tracker and makes its pending records part of a checkpoint."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from stable_baselines3.common.logger import KVWriter, Logger

from rl_pipeline.tracking.writer import Writer


class TrackerOutput(KVWriter):
    """An output of SB3's logger: `Logger(folder, [TrackerOutput(tracker)])`.

    Numbers (of Python, numpy or a tensor of shape ()) are passed on under their names (`rollout/`, `train/`,
    `time/`); anything else that SB3 can log (text, figures, images, videos, hyperparameters) is left out.

    Args:
        tracker: Gets the records; it is not closed with SB3's logger.
    """

    def __init__(self, tracker: Writer) -> None:
        self._tracker = tracker

    def write(
        self, key_values: dict[str, Any], key_excluded: dict[str, tuple[str, ...]], step: int = 0
    ) -> None:
        """Record the numbers among the values.

        Args:
            key_values: Metric name to value.
            key_excluded: Metric name to SB3 formats that must not show it; a tracker is none of them.
            step: Timesteps made so far.
        """
        numbers = {key: _number(value) for key, value in key_values.items()}
        self._tracker.write(step, {key: number for key, number in numbers.items() if number is not None})

    def close(self) -> None:
        """Leave the tracker open: it belongs to the run, which outlives a `learn()`."""


def logger_state(logger: Logger) -> dict[str, Any]:
    """Return what a logger has gathered since its last dump, as plain data.

    Off-policy algorithms dump once in several episodes; without this the first point of a resumed curve
    would miss what was gathered before the checkpoint.

    Args:
        logger: The logger of an SB3 algorithm.

    Returns:
        Plain data for `restore_logger_state`. Scalars of numpy become arrays of shape (), so that their
        dtype, on which running means depend, survives. Values that are no numbers are left out.
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


def restore_logger_state(logger: Logger, state: Mapping[str, Any]) -> None:
    """Replace what a logger has gathered by what it had gathered when `state` was taken.

    Args:
        logger: The logger of an SB3 algorithm.
        state: What `logger_state` returned.
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
