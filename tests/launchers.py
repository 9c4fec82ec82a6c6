"""Starts ranks with the real torchrun and mpirun."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

LAUNCHERS = {
    "torchrun": ("torchrun", "--standalone", "--nproc_per_node=2"),
    "mpirun": ("mpirun", "--oversubscribe", "--use-hwthread-cpus", "-n", "2", sys.executable),
}
"""What starts a program of Python in two ranks."""
MPI = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_hwloc_base_binding_policy": "none",  # the tests beside this one need the cores, too
}


def start(
    command: Sequence[str], *, cwd: Path | None = None, extra: Mapping[str, str] | None = None
) -> "subprocess.Popen[str]":
    """Start a launcher whose ranks have one thread each, or skip the test; `extra` are environment variables."""
    if command[0] == "mpirun" and shutil.which("mpirun") is None:
        pytest.skip("mpirun is not installed; the package openmpi-bin of Debian and Ubuntu has it")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, **MPI, "OMP_NUM_THREADS": "1", "PATH": path, **(extra or {})}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.Popen(command, text=True, env=environment, cwd=cwd, **streams)  # type: ignore[call-overload]
