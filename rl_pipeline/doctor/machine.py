"""Checks of processor cores, disk and shared memory."""

import os
import shutil
from pathlib import Path

from rl_pipeline.bench.machine import count_cores
from rl_pipeline.doctor.finding import Finding, Level

GIB = 2**30
DISK_NEEDED, DISK_WANTED = 1 * GIB, 10 * GIB
SHARED_MEMORY = Path("/dev/shm")
SHARED_MEMORY_WANTED = GIB
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")


def check() -> list[Finding]:
    """Check cores, disk and shared memory."""
    free = shutil.disk_usage(Path.cwd()).free
    findings = [processor(count_cores(), dict(os.environ)), disk(free)]
    if SHARED_MEMORY.is_dir():
        findings.append(shared_memory(shutil.disk_usage(SHARED_MEMORY).total))
    return findings


def processor(cores: int, environ: dict[str, str]) -> Finding:
    """Compare the configured number of libraries' threads with the cores that this process may use."""
    for name in THREAD_VARIABLES:
        value = environ.get(name, "")
        if value.isdigit() and int(value) > cores:
            text = f"{cores} cores, but {name}={value}: threads will wait for each other"
            return Finding("processor", "warning", text, f"unset {name}, or set it to at most {cores}")
    return Finding("processor", "ok", f"{cores} core{'s' if cores > 1 else ''}")


def disk(free: int) -> Finding:
    """Check the free bytes on the disk of experiments/."""
    text = f"{free / GIB:.1f} GiB free at {Path.cwd()}"
    if free >= DISK_WANTED:
        return Finding("disk", "ok", text)
    level: Level = "warning" if free >= DISK_NEEDED else "error"
    remedy = "remove old runs (`rl-pipeline list runs`), or set experiment.folder to a larger disk"
    return Finding("disk", level, f"only {text}", remedy)


def shared_memory(size: int) -> Finding:
    """Check the size in bytes of the shared memory, through which worker processes and ROS nodes exchange data."""
    text = f"{size / GIB:.2g} GiB in {SHARED_MEMORY}"
    if size >= SHARED_MEMORY_WANTED:
        return Finding("shared memory", "ok", text)
    remedy = "start the container with `--shm-size 2g` (`shm_size` in a compose file)"
    return Finding("shared memory", "warning", f"only {text}", remedy)
