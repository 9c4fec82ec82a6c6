"""Waiting for other participants of the ROS network, with a message for the user."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

POLL_S = 0.02
SILENT_S = 3.0
"""Seconds of a wait without a message."""

Answer = TypeVar("Answer")

logger = logging.getLogger(__name__)


def wait_for(
    find: Callable[[], Answer], timeout: float, what: str, *, silent_seconds: float = SILENT_S
) -> Answer:
    """Wait until something is found, and log a message once if this takes long.

    Args:
        find: Returns it, or a false value while it is missing.
        timeout: Maximum time to wait, in seconds.
        what: Its name, for the message.
        silent_seconds: Seconds to wait without the message.

    Returns:
        The last result; a false value if nothing was found in time.
    """
    begin = time.monotonic()
    is_told = False
    while not (answer := find()) and (waited := time.monotonic() - begin) <= timeout:
        if waited >= silent_seconds and not is_told:
            logger.warning("waiting for %s, at most %g s", what, timeout)
            is_told = True
        time.sleep(POLL_S)
    return answer
