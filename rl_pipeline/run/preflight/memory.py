"""Checks that environments and buffers fit in the free memory."""

from collections.abc import Iterator
from pathlib import Path

import psutil
from gymnasium import Space, spaces

from rl_pipeline.config.environment import Environment
from rl_pipeline.config.errors import MISSING, Problem
from rl_pipeline.config.key_schema import value_at
from rl_pipeline.config.training import Training
from rl_pipeline.learners.learner import Learner

ENVIRONMENT_BYTES = 10_000
"""Memory of the smallest environments of Gymnasium."""
WORKER_BYTES = 50_000_000
"""Memory of a Python process with Gymnasium."""

CGROUP_FILES = {
    "": (Path("/sys/fs/cgroup"), "memory.max", "memory.current"),
    "memory": (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes", "memory.usage_in_bytes"),
}
"""Files with limit and usage in version 2 and version 1 of the kernel's control groups."""


def check_memory(
    training: Training, environment: Environment, learner: type[Learner], observation: Space, action: Space
) -> list[Problem]:
    """Refuse environments and buffers that need more memory than is free; the estimate is a lower bound.

    Args:
        training: The `training` section.
        environment: The `environment` section.
        learner: The learner that the algorithm names.
        observation: Observation space of an environment.
        action: Its action space.
    """
    needs = environment_bytes(environment, space_bytes(observation))
    sizes = learner.experience_bytes(training, environment, space_bytes(observation), space_bytes(action))
    for key, size in sizes.items():
        needs[key] = needs.get(key, 0) + size
    needed, free = sum(needs.values()), free_memory()
    if needed <= free:
        return []
    key = max(needs, key=lambda name: needs[name])
    path = tuple(key.split("."))
    value = value_at({"training": training.model_dump(), "environment": environment.model_dump()}, path)
    remedy = f"lower {path[-1]}, or train on a machine with more memory"
    message = f"needs at least {_gib(needed)} of memory, but only {_gib(free)} are free here"
    return [Problem(key, message, "the default" if value is MISSING else value, remedy=remedy)]


def environment_bytes(environment: Environment, observation: int) -> dict[str, int]:
    """Estimate the memory of environments and their processes, by the key that it grows with.

    Args:
        environment: The `environment` section.
        observation: Bytes of an observation.
    """
    return {
        "environment.n_environments": environment.n_environments * (ENVIRONMENT_BYTES + 2 * observation),
        "environment.n_workers": environment.n_workers * WORKER_BYTES,
    }


def space_bytes(space: Space) -> int:
    """Return the bytes of a value of a space in an array."""
    if isinstance(space, spaces.Dict):
        return sum(space_bytes(part) for part in space.values())
    if space.shape is None or space.dtype is None:
        return 0
    size = 1
    for length in space.shape:
        size *= length
    return size * space.dtype.itemsize


def free_memory() -> int:
    """Return the bytes that this process can still allocate, given the machine and its control groups."""
    return min([psutil.virtual_memory().available, *_free_in_cgroups()])


def _free_in_cgroups() -> Iterator[int]:
    """Yield the bytes that the limits of this process's control groups, and of their parents, leave."""
    try:
        memberships = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for membership in memberships:
        _, controllers, path = membership.split(":", 2)
        if controllers in CGROUP_FILES:
            root, limit, usage = CGROUP_FILES[controllers]
            group = root / path.strip("/")
            for folder in (group, *group.parents):
                yield from _free_in(folder / limit, folder / usage, folder / "memory.stat")


def _free_in(limit: Path, usage: Path, statistics: Path) -> Iterator[int]:
    """Yield the bytes that a limit leaves, not counting files in the kernel's cache; nothing without a limit."""
    try:
        available = int(limit.read_text()) - int(usage.read_text())
        for line in statistics.read_text().splitlines():
            name, number = line.split()
            if name in ("inactive_file", "active_file"):
                available += int(number)
    except (OSError, ValueError):  # the file does not exist, or contains "max"
        return
    yield max(available, 0)


def _gib(size: int) -> str:
    return f"{size / 2**30:,.1f} GiB"
