"""Limits of the faster loops, and the reason why a model is not covered."""

import logging

from gymnasium import spaces
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.preprocessing import is_image_space

logger = logging.getLogger(__name__)


class NotCovered(Exception):  # noqa: N818 - an answer, not an error: the model then uses SB3's own loop
    """Raised when a faster loop does not support a property of a model; the message completes "because ..."."""


def report_stock_loop(model: BaseAlgorithm, part: str, reason: NotCovered) -> None:
    """Log that a part of the training runs in SB3's own loop.

    Args:
        model: The model.
        part: The part, such as `update`.
        reason: Why the faster loop does not cover it.
    """
    logger.warning(
        "%s: the %s runs in Stable-Baselines3's own loop, because %s", type(model).__name__, part, reason
    )


def check_observations(space: spaces.Space) -> None:
    """Raise `NotCovered` unless observations are arrays of numbers and not images."""
    if not isinstance(space, spaces.Box):
        raise NotCovered(f"its observation space is a {type(space).__name__}, not a Box")
    if is_image_space(space):
        raise NotCovered("it observes images")
