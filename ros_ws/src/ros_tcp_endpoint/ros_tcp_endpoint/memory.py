"""Settings of the C library for the memory of large messages."""

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGEST_BLOCK = 32 * 2**20
KEPT = 4 * LARGEST_BLOCK


def keep_freed_blocks() -> None:
    """Keep freed blocks for the next message, if the C library supports it.

    A picture of megabytes passes through several blocks. By default, each block is returned to the kernel, and the
    pages of the next one are cleared on first access, which takes three quarters of the endpoint's time.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, LARGEST_BLOCK)
        mallopt(M_TRIM_THRESHOLD, KEPT)
