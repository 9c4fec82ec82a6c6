"""Waiting for others on the ROS network, which a user should know about."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

POLL_S = 0.02
SILENT_S = 3.0
"""How long a wait may be without a word."""

Answer = TypeVar("Answer")

logger = logging.getLogger(__name__)


def wait_for(
    find: Callable[[], Answer], timeout: float, what: str, *, silent_seconds: float = SILENT_S
) -> Answer:
    """Look for something until it is there, and say so once where that takes long.

    Args:
        find: Returns it, or something false while it is not there.
        timeout: Seconds to wait at most.
        what: Its name, for the message.
        silent_seconds: How long to wait without the message.

    Returns:
        The last answer; something false when it did not come in time.
    """
    begin = time.monotonic()
    is_told = False
    while not (answer := find()) and (waited := time.monotonic() - begin) <= timeout:
        if waited >= silent_seconds and not is_told:
            logger.warning("waiting for %s, at most %g s", what, timeout)
            is_told = True
        time.sleep(POLL_S)
    return answer
