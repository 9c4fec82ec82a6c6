"""Many simulations of one model, stepped by a thread pool, as arrays over the whole batch."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mujoco
import numpy as np
from mjbatch import Batch
from numpy.typing import NDArray

from rl_pipeline.plain_data import StateDict

INTEGRATION_STATE = mujoco.mjtState.mjSTATE_INTEGRATION
"""The complete state of a simulation."""

_STATE_FIELDS = {"mjSTATE_WARMSTART": "qacc_warmstart", "mjSTATE_PLUGIN": "plugin_state"}
"""Fields of `MjData` whose part of the state has a different name."""


def _state_columns(model: mujoco.MjModel) -> dict[str, slice]:
    """Return the positions of the fields of `MjData` in the integration state."""
    columns, start = {}, 0
    for name, component in sorted(mujoco.mjtState.__members__.items(), key=lambda item: item[1].value):
        bits = component.value
        if bits & (bits - 1) == 0 and bits & INTEGRATION_STATE.value:
            size = mujoco.mj_stateSize(model, bits)
            columns[_STATE_FIELDS.get(name, name.removeprefix("mjSTATE_").lower())] = slice(
                start, start + size
            )
            start += size
    return columns


class Simulations:
    """`n` simulations of one MuJoCo model.

    Every field of `mujoco.MjData` is an attribute here and an array with one row for each simulation: `qpos`
    (n, nq), `xpos` (n, nbody, 3), `sensordata` (n, nsensordata), .... The arrays are live: a step changes
    them in place, and values written to `ctrl`, `xfrc_applied` and the other inputs take effect in the next
    step. As after `mj_step`, derived fields such as `xpos` are one physics step behind `qpos` and `qvel`.
    """

    def __init__(
        self, model: mujoco.MjModel, n: int, frame_skip: int, num_threads: int | None = None
    ) -> None:
        self.model = model
        self.n = n
        self.frame_skip = frame_skip
        self.dt: float = model.opt.timestep * frame_skip
        """Simulated seconds in an environment step."""
        self.before_physics: Callable[[], None] | None = None
        """Function called before the physics of each environment step, when states and controls are complete."""
        self.pool = Batch(model, n, num_threads or _available_cores())
        self._states: NDArray[np.float64] = self.pool.bind("state")
        self._columns = _state_columns(model)
        self._initial_state = np.empty(self._states.shape[1])
        mujoco.mj_getState(model, mujoco.MjData(model), self._initial_state, INTEGRATION_STATE)
        self._fields: dict[str, np.ndarray] = {}

    def __getattr__(self, name: str) -> np.ndarray:
        """Bind a field of `MjData` on first access; afterwards, it is an ordinary attribute."""
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

    def _fill(self, name: str, field: np.ndarray) -> None:
        """Compute a field from the current states, since the pool fills it only in its next call."""
        data = mujoco.MjData(self.model)
        for i, state in enumerate(self._states):
            mujoco.mj_setState(self.model, data, state, INTEGRATION_STATE)
            mujoco.mj_forward(self.model, data)
            field[i] = getattr(data, name)

    def sensor(self, name: str) -> NDArray[np.float64]:
        """Return the measurement of the sensor `name`, (n, dimension of the sensor)."""
        return _sensor(self, name)

    def rows(self, ids: NDArray[np.intp]) -> "Rows":
        """Return copies of the fields of some simulations, with the attributes of the whole batch."""
        return Rows(self, ids)

    def step(self) -> None:
        """Make one environment step, `frame_skip` physics steps, in every simulation."""
        if self.before_physics is not None:
            self.before_physics()
        self.pool.step(nstep=self.frame_skip)

    def forward(self) -> None:
        """Compute the derived fields of the current states with `mj_forward` in every simulation."""
        self.pool.forward()

    def reset(self, ids: NDArray[np.intp], initial: Sequence[Mapping[str, np.ndarray]]) -> None:
        """Reset some simulations to the model's initial state, with other values for some fields.

        Args:
            ids: Sorted indices of the simulations.
            initial: For each of them, the fields that differ from the model's initial state; the fields are the same
                for all.
        """
        values = {name: np.array([fields[name] for fields in initial]) for name in initial[0]}
        if unknown := values.keys() - self._columns.keys():
            valid = ", ".join(self._columns)
            raise ValueError(f"reset() of the task returned {sorted(unknown)}; a start consists of {valid}")
        for name in values:
            getattr(self, name)
        if self._fields.keys() <= self._columns.keys():
            self._write_states(ids, values)
        else:
            self._reset_in_pool(ids, values)

    def _write_states(self, ids: NDArray[np.intp], values: Mapping[str, np.ndarray]) -> None:
        """Reset without the pool: if no derived field is bound, nothing needs to be computed."""
        states = self._initial_state[np.newaxis].repeat(len(ids), axis=0)
        for name, value in values.items():
            states[:, self._columns[name]] = value.reshape(len(ids), -1)
        self._states[ids] = states
        for name, field in self._fields.items():
            field[ids] = values[name] if name in values else self._initial(name)

    def _reset_in_pool(self, ids: NDArray[np.intp], values: Mapping[str, np.ndarray]) -> None:
        """Reset in the pool, which computes the derived fields.

        The pool looks for elements that changed since it wrote them. It would miss elements that already have
        their new value, unless they are set to the model's initial value first.
        """
        missed = (
            (getattr(self, name)[ids] == value) & (value != self._initial(name))
            for name, value in values.items()
        )
        if any(elements.any() for elements in missed):
            self.pool.reset(ids)
        for name, value in values.items():
            getattr(self, name)[ids] = value
        self.pool.reset(ids)

    def _initial(self, name: str) -> NDArray[np.float64]:
        return self._initial_state[self._columns[name]].reshape(getattr(self, name).shape[1:])

    def state_dict(self) -> StateDict:
        """Return the integration states, (n, nstate), and all bound fields, since derived ones lag behind."""
        return {
            "state": self._states.copy(),
            "fields": {name: field.copy() for name, field in self._fields.items()},
        }

    def load_state_dict(self, state: StateDict) -> None:
        """Restore a state of `state_dict`.

        Raises:
            ValueError: The state is of another number of simulations or another model.
        """
        if state["state"].shape != self._states.shape:
            raise ValueError(
                f"the state has shape {state['state'].shape}, this batch needs {self._states.shape}: "
                "the model or the number of environments differs"
            )
        self._write(state)
        # The pool reads elements that differ from its own copy. Without this, its copy would have the previous
        # controls, and it would miss the same controls when they are set again.
        self.pool.forward()
        self._write(state)

    def _write(self, state: StateDict) -> None:
        self._states[:] = state["state"]
        for name, field in state["fields"].items():
            getattr(self, name)[:] = field


class Rows:
    """Some simulations of a batch: the attributes of `Simulations`, with a copied row for each of `ids`."""

    def __init__(self, simulations: Simulations, ids: NDArray[np.intp]) -> None:
        self.simulations = simulations
        self.ids = ids
        self.n = len(ids)

    def __getattr__(self, name: str) -> Any:
        """Return the rows of a field, or a common attribute of all simulations (`model`, `dt`)."""
        value = getattr(self.simulations, name)
        return value[self.ids] if isinstance(value, np.ndarray) else value

    def sensor(self, name: str) -> NDArray[np.float64]:
        """Return the measurement of the sensor `name`, (n, dimension of the sensor)."""
        return _sensor(self, name)


def _sensor(batch: Simulations | Rows, name: str) -> NDArray[np.float64]:
    sensor = batch.model.sensor(name)
    start = int(sensor.adr[0])
    return batch.sensordata[:, start : start + int(sensor.dim[0])]


def _available_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
