"""Detection of the model's quantities that a task observes, so that a policy outside of the simulator can name them.

The task observes a batch in which every number of every field of `MjData` has a unique value. Numbers of the
observation that equal such a value, its sine or its cosine are these quantities.
"""

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import mujoco
import numpy as np

from rl_pipeline.envs.mujoco.quantities import Named, name_field
from rl_pipeline.envs.mujoco.simulations import Simulations
from rl_pipeline.policies.observations import as_dict

if TYPE_CHECKING:
    from rl_pipeline.envs.mujoco.task import Task

SEED = 0
SMALLEST, LARGEST = 0.05, 0.45
"""Limits of the values; tasks clip larger ones."""


class MarkedBatch:
    """Imitates `Simulations` with a single row for a task.

    Args:
        model: The compiled model.
        frame_skip: Physics steps in an environment step.
    """

    def __init__(self, model: mujoco.MjModel, frame_skip: int) -> None:
        self.model = model
        self.n = 1
        self.frame_skip = frame_skip
        self.dt = model.opt.timestep * frame_skip
        self._rng = np.random.default_rng(SEED)
        self._data = mujoco.MjData(model)
        self.read: dict[str, np.ndarray] = {}

    def __getattr__(self, name: str) -> np.ndarray:
        """Return the values of a field of `MjData`, (1, ...)."""
        if name.startswith("_") or name == "read":
            raise AttributeError(name)
        if name not in self.read:
            field = getattr(self._data, name)
            values = self._rng.uniform(SMALLEST, LARGEST, (1, *np.shape(field)))
            self.read[name] = values.astype(np.float32).astype(np.float64)  # a task may observe float32
        return self.read[name]

    sensor = Simulations.sensor

    def quantities(self) -> dict[float, tuple[str, str]]:
        """Return name and unit of every value that was read and has a name."""
        found: dict[float, tuple[str, str]] = {}
        for field, values in self.read.items():
            named: Named = name_field(self.model, field) or []
            for value, (name, unit) in zip(values.ravel().tolist(), named, strict=False):
                found[value] = name, unit
                found[float(np.sin(value))] = f"sin({name})", ""
                found[float(np.cos(value))] = f"cos({name})", ""
        return found


FAILURES = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""Errors of tasks that cannot observe a batch without a real simulation."""


def observed_quantities(task: "Task", model: mujoco.MjModel) -> dict[str, Named]:
    """Return names and units of the numbers of each part of a task's observation; a plain one is `observation`.

    A number that is not a quantity of the model is named after its position. A part without any such quantity is left
    out, and so are all parts of a task that can only observe a real simulation.
    """
    batch: Any = MarkedBatch(model, task.frame_skip)
    try:
        observation = copy.deepcopy(task).observe(batch)
    except FAILURES:
        return {}
    quantities = batch.quantities()
    parts = {key: part for key, part in as_dict(observation).items() if isinstance(part, np.ndarray)}
    named = {key: _name(key, part[0], quantities) for key, part in parts.items()}
    return {key: names for key, names in named.items() if names}


def _name(key: str, part: np.ndarray, quantities: Mapping[float, tuple[str, str]]) -> Named:
    values = part.ravel().tolist()
    if not any(value in quantities for value in values):
        return []
    return [quantities.get(value, (f"{key}[{index}]", "")) for index, value in enumerate(values)]


def controls_actuators(task: "Task", model: mujoco.MjModel, size: int) -> bool:
    """Return whether a task uses the numbers of an action unchanged as controls of the actuators."""
    batch: Any = MarkedBatch(model, task.frame_skip)
    action = np.linspace(SMALLEST, LARGEST, size, dtype=np.float32)[np.newaxis]
    try:
        copy.deepcopy(task).apply(batch, action)
    except FAILURES:
        return False
    return size == model.nu and "ctrl" in batch.read and bool((batch.read["ctrl"] == action).all())
