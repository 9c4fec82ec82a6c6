"""Description of the machine that a benchmark ran on."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

Results = dict[str, Any]
"""Numbers and texts for JSON, by name."""
PACKAGES = (
    "rl-pipeline",
    "numpy",
    "mujoco",
    "mjbatch",
    "gymnasium",
    "stable-baselines3",
    "sb3-contrib",
    "torch",
    "jax",
    "envpool",
    "sbx-rl",
)


def describe_machine() -> Results:
    """Return processor, cores, load averages, system and versions; the version of a missing package is None."""
    return {
        "processor": _processor(),
        "cores": count_cores(),
        "load": os.getloadavg() if hasattr(os, "getloadavg") else None,
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {package: _version(package) for package in PACKAGES},
    }


def count_cores() -> int:
    """Count the processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
