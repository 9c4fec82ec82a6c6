"""The run whose environments are on the ROS network: their nodes are named after it."""

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

NO_RUN = "rl_pipeline"
"""Name that is used without a run, for example while a configuration is checked."""

_run: ContextVar[str] = ContextVar("run", default=NO_RUN)
_counts: defaultdict[str, Iterator[int]] = defaultdict(lambda: itertools.count(1))


@contextmanager
def named_after(run: str) -> Iterator[None]:
    """Name the nodes that are created in the block after a run."""
    token = _run.set(run)
    try:
        yield
    finally:
        _run.reset(token)


def node_name(purpose: str) -> str:
    """Return a unique name of a node in this process, such as `walker_2026_01_31_12_00_00_environment`."""
    name = re.sub(r"\W+|_+", "_", f"{_run.get()}_{purpose}", flags=re.ASCII).strip("_")
    if name[0].isdigit():
        name = f"run_{name}"
    number = next(_counts[name])
    return name if number == 1 else f"{name}_{number}"
