"""The memory that an environment of the batched backend takes."""

import subprocess
import sys

import psutil

from rl_pipeline.bench.stepping_contenders import make_ours


def bytes_per_environment(environment: str, few: int = 64, many: int = 1024) -> float:
    """Measure the resident memory that an added environment takes, in fresh processes."""
    command = [sys.executable, "-m", __name__, environment]
    sizes = [int(subprocess.check_output([*command, str(n)])) for n in (few, many)]
    return (sizes[1] - sizes[0]) / (many - few)


def resident_bytes(environment: str, n: int) -> int:
    """Step n environments and return the bytes of memory that this process holds."""
    contender = make_ours(environment, n, threads=2)
    contender.run(20)
    return psutil.Process().memory_info().rss


if __name__ == "__main__":
    print(resident_bytes(sys.argv[1], int(sys.argv[2])))
