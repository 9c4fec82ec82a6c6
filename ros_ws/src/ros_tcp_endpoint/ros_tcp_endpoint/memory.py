"""Settings of the C library for the memory of large messages."""

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGEST_BLOCK = 32 * 2**20
KEPT = 4 * LARGEST_BLOCK


def keep_freed_blocks() -> None:
    """Keep freed blocks for the next message, where the C library can be told to.

    A picture of megabytes passes through several blocks. By default each is given back to the kernel, and the pages
    of the next one are cleared as they are touched, which takes three quarters of the endpoint's time.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, LARGEST_BLOCK)
        mallopt(M_TRIM_THRESHOLD, KEPT)
