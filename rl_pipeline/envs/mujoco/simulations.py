"""Many simulations of one model, stepped by a thread pool, seen as arrays over the whole batch."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import mujoco
import numpy as np
from mjbatch import Batch
from numpy.typing import NDArray


def available_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Simulations:
    """`n` simulations of one MuJoCo model.

    Every field of `mujoco.MjData` is an attribute here and an array with one row for each simulation: `qpos`
    (n, nq), `xpos` (n, nbody, 3), `sensordata` (n, nsensordata), .... The arrays are live: a step changes
    them in place, and what is written to `ctrl`, `xfrc_applied` and the other inputs counts from the next
    step on. As after `mj_step`, derived fields such as `xpos` are one physics step behind `qpos` and `qvel`.
    """

    def __init__(
        self, model: mujoco.MjModel, n: int, frame_skip: int, num_threads: int | None = None
    ) -> None:
        self.model = model
        self.n = n
        self.frame_skip = frame_skip
        self.dt: float = model.opt.timestep * frame_skip
        """Simulated seconds in an environment step."""
        self.ids: slice | NDArray[np.intp] = slice(None)
        """The simulations whose rows these are; for the whole batch, all of them."""
        self.pool = Batch(model, n, num_threads or available_cores())
        self._initial = mujoco.MjData(model)
        self._fields: dict[str, NDArray[Any]] = {}

    def __getattr__(self, name: str) -> NDArray[Any]:
        """Bind a field of `MjData` when it is first asked for; from then on it is an ordinary attribute."""
        if name.startswith("_") or name == "pool":
            raise AttributeError(name)
        try:
            field = self.pool.bind(name)
        except ValueError as error:
            raise AttributeError(f"mujoco.MjData has no field '{name}' that a batch can show") from error
        self._fill(name, field)
        self._fields[name] = field
        setattr(self, name, field)
        return field

    def _fill(self, name: str, field: NDArray[Any]) -> None:
        """Compute a field from the current states, since the pool itself fills it only at its next call."""
        data = mujoco.MjData(self.model)
        for i, state in enumerate(self.pool.bind("state")):
            mujoco.mj_setState(self.model, data, state, mujoco.mjtState.mjSTATE_INTEGRATION)
            mujoco.mj_forward(self.model, data)
            field[i] = getattr(data, name)

    def sensor(self, name: str) -> NDArray[np.float64]:
        """Return what the sensor called `name` measured, (n, dimension of the sensor)."""
        return _sensor(self, name)

    def rows(self, ids: NDArray[np.intp]) -> "Rows":
        """Return copies of the fields of some simulations, with the attributes of the whole batch."""
        return Rows(self, ids)

    def step(self) -> None:
        """Make one environment step, `frame_skip` physics steps, in every simulation."""
        self.pool.step(nstep=self.frame_skip)

    def reset(self, ids: NDArray[np.intp], initial: Sequence[Mapping[str, NDArray[Any]]]) -> None:
        """Reset some simulations to the model's initial state, with other values for some fields.

        Args:
            ids: Sorted indices of the simulations.
            initial: For each of them the fields that differ from the model's initial state, the same fields
                in all.
        """
        values = {name: np.array([fields[name] for fields in initial]) for name in initial[0]}
        if any(self._unseen(ids, name, value) for name, value in values.items()):
            self.pool.reset(ids)
        for name, value in values.items():
            getattr(self, name)[ids] = value
        self.pool.reset(ids)

    def _unseen(self, ids: NDArray[np.intp], name: str, value: NDArray[Any]) -> bool:
        """Tell whether the pool, which looks for elements that changed, would miss some of these values."""
        unchanged = getattr(self, name)[ids] == value
        return bool((unchanged & (value != getattr(self._initial, name))).any())

    def state_dict(self) -> dict[str, Any]:
        """Return the integration states, (n, nstate), and all bound fields, since derived ones lag behind."""
        return {
            "state": self.pool.bind("state").copy(),
            "fields": {name: field.copy() for name, field in self._fields.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a state that `state_dict` returned.

        Raises:
            ValueError: The state is of another number of simulations or another model.
        """
        own = self.pool.bind("state")
        if state["state"].shape != own.shape:
            raise ValueError(
                f"the state has shape {state['state'].shape}, this batch needs {own.shape}: "
                "it was saved with another model or another number of environments"
            )
        own[:] = state["state"]
        for name, field in state["fields"].items():
            getattr(self, name)[:] = field


class Rows:
    """Some simulations of a batch: the attributes of `Simulations`, with a copied row for each of `ids`."""

    def __init__(self, simulations: Simulations, ids: NDArray[np.intp]) -> None:
        self.simulations = simulations
        self.ids = ids
        self.n = len(ids)

    def __getattr__(self, name: str) -> Any:
        """Return the rows of a field, or what all simulations have in common (`model`, `dt`)."""
        value = getattr(self.simulations, name)
        return value[self.ids] if isinstance(value, np.ndarray) else value

    def sensor(self, name: str) -> NDArray[np.float64]:
        """Return what the sensor called `name` measured, (n, dimension of the sensor)."""
        return _sensor(self, name)


def _sensor(batch: Simulations | Rows, name: str) -> NDArray[np.float64]:
    sensor = batch.model.sensor(name)
    start = int(sensor.adr[0])
    return batch.sensordata[:, start : start + int(sensor.dim[0])]
