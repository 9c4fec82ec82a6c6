"""Memory of environments of the batched backend."""

import subprocess
import sys

import psutil

from rl_pipeline.bench.stepping_contenders import make_ours


def resident_bytes(environment: str, n: int, threads: int) -> int:
    """Measure the memory of a fresh process that steps n environments."""
    command = [sys.executable, "-m", __name__, environment, str(n), str(threads)]
    return int(subprocess.check_output(command))


def resident_bytes_here(environment: str, n: int, threads: int) -> int:
    """Step n environments and return the memory of this process in bytes."""
    contender = make_ours(environment, n, threads)
    contender.run(5)
    return psutil.Process().memory_info().rss


if __name__ == "__main__":
    print(resident_bytes_here(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
