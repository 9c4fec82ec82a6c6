"""Parameters of the model that differ between simulations."""

from collections.abc import Sequence

import mujoco
import numpy as np
from numpy.typing import NDArray

from rl_pipeline.config.errors import ConfigError, Problem, nearest
from rl_pipeline.envs.mujoco.randomization import RandomizationConfig
from rl_pipeline.envs.mujoco.simulations import Simulations
from rl_pipeline.plain_data import StateDict


class ScaledParameter:
    """One physical property: rows of fields of the model that are multiplied by random factors.

    Args:
        limits: Lower and upper limit of the factors.
        fields: Live values for all simulations, (n, rows, ...).
        rows: The scaled rows.
        owners: Index of the factor of each of these rows; the rows of a joint share a factor.
    """

    def __init__(
        self,
        limits: Sequence[float],
        fields: Sequence[NDArray[np.float64]],
        rows: NDArray[np.intp],
        owners: NDArray[np.intp] | None = None,
    ) -> None:
        self.limits = limits
        self.fields = fields
        self.rows = rows
        self.owners = np.arange(len(rows)) if owners is None else owners
        self.nominal = [field[0, rows].copy() for field in fields]

    def draw(self, i: int, rng: np.random.Generator) -> None:
        """Draw new factors for simulation `i`."""
        low, high = self.limits
        factors = rng.uniform(low, high, len(np.unique(self.owners)))[self.owners]
        for field, nominal in zip(self.fields, self.nominal, strict=True):
            field[i, self.rows] = nominal * factors.reshape(-1, *[1] * (nominal.ndim - 1))


class ModelParameters:
    """All randomized parameters of the model."""

    def __init__(self, config: RandomizationConfig, simulations: Simulations) -> None:
        self._pool = simulations.pool
        self._has_new_masses = config.mass is not None
        self._parameters = _scaled_parameters(config, simulations)

    def draw(self, i: int, rng: np.random.Generator) -> None:
        """Draw the parameters of simulation `i` for its next episode."""
        for parameter in self._parameters.values():
            parameter.draw(i, rng)

    def take_effect(self, ids: NDArray[np.intp]) -> None:
        """Compute the constants of the model that depend on masses."""
        if self._has_new_masses:
            self._pool.set_const(ids)

    def state_dict(self) -> StateDict:
        """Return the current values of all randomized fields."""
        return {
            name: [field.copy() for field in parameter.fields] for name, parameter in self._parameters.items()
        }

    def load_state_dict(self, state: StateDict) -> None:
        """Restore the values of `state_dict`."""
        for name, parameter in self._parameters.items():
            for field, values in zip(parameter.fields, state[name], strict=True):
                field[:] = values
        if self._has_new_masses:
            self._pool.set_const()


def _scaled_parameters(config: RandomizationConfig, simulations: Simulations) -> dict[str, ScaledParameter]:
    model, expand, root = simulations.model, simulations.pool.expand, "environment.randomization"
    parameters = {}
    if config.mass:
        bodies = named_indices(model, "body", config.mass.bodies, f"{root}.mass.bodies")
        fields = [expand("body_mass"), expand("body_inertia")]
        parameters["mass"] = ScaledParameter(config.mass.scale, fields, bodies)
    if config.friction:
        geoms = named_indices(model, "geom", config.friction.geoms, f"{root}.friction.geoms")
        parameters["friction"] = ScaledParameter(config.friction.scale, [expand("geom_friction")], geoms)
    if config.damping:
        joints = named_indices(model, "joint", config.damping.joints, f"{root}.damping.joints")
        dofs = np.flatnonzero(np.isin(model.dof_jntid, joints))
        owners = np.searchsorted(np.sort(joints), model.dof_jntid[dofs])
        parameters["damping"] = ScaledParameter(config.damping.scale, [expand("dof_damping")], dofs, owners)
    if config.gains:
        actuators = named_indices(model, "actuator", config.gains.actuators, f"{root}.gains.actuators")
        gain, bias = expand("actuator_gainprm")[:, :, :1], expand("actuator_biasprm")[:, :, 1:3]
        parameters["gains"] = ScaledParameter(config.gains.scale, [gain, bias], actuators)
    if config.gravity:
        gravity = expand("gravity")[:, None]
        parameters["gravity"] = ScaledParameter(config.gravity.scale, [gravity], np.zeros(1, np.intp))
    return parameters


def named_indices(
    model: mujoco.MjModel, kind: str, names: Sequence[str] | None, key: str
) -> NDArray[np.intp]:
    """Return the indices of elements of a model.

    Args:
        model: The model.
        kind: `body`, `geom`, `joint` or `actuator`.
        names: Names of the elements; None for all of them.
        key: The configuration key of the names.

    Raises:
        ConfigError: The model has no element of this name.
    """
    count = {"body": model.nbody, "geom": model.ngeom, "joint": model.njnt, "actuator": model.nu}[kind]
    if names is None:
        return np.arange(count)
    own = [getattr(model, kind)(i).name for i in range(count)]
    unknown = [name for name in names if name not in own]
    if unknown:
        valid = [name for name in own if name]
        message = f"the model has no {kind} of this name"
        raise ConfigError([Problem(key, message, name, valid, nearest(name, valid)) for name in unknown])
    return np.array([own.index(name) for name in names])
