"""Starts ranks with the real torchrun and mpirun."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

import pytest

LAUNCHERS = ("torchrun", "mpirun")
MPIRUN = ("mpirun", "--oversubscribe", "--use-hwthread-cpus", "--bind-to", "none")


def launcher_command(launcher: str, n_ranks: int, program: Sequence[str]) -> list[str]:
    """Give the command that starts a program of Python in several ranks, or skip the test."""
    if launcher == "torchrun":
        torchrun = ("torch.distributed.run", "--standalone", f"--nproc_per_node={n_ranks}")
        return [sys.executable, "-m", *torchrun, *program]
    if shutil.which("mpirun") is None:
        pytest.skip("mpirun is not installed; the package openmpi-bin of Debian and Ubuntu has it")
    as_root = ("--allow-run-as-root",) if os.geteuid() == 0 else ()
    return [*MPIRUN, *as_root, "-n", str(n_ranks), sys.executable, *program]


def start_ranks(
    launcher: str, n_ranks: int, program: Sequence[str], extra: Mapping[str, str] | None = None
) -> "subprocess.Popen[str]":
    """Start a program of Python in several ranks with one thread each; `extra` are environment variables."""
    command = launcher_command(launcher, n_ranks, program)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **(extra or {})}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.Popen(command, text=True, env=environment, **streams)  # type: ignore[call-overload]
