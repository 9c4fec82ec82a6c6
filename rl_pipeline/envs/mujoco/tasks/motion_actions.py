"""Actions of a motion task: torques, target positions, or offsets to the reference."""

from typing import Literal

import mujoco
import numpy as np
from numpy.typing import NDArray

from rl_pipeline.config.errors import ConfigError, Problem

Array = NDArray[np.float64]

Actions = Literal["torque", "position", "reference"]
ACTIONS: tuple[Actions, ...] = ("torque", "position", "reference")
JOINT = int(mujoco.mjtTrn.mjTRN_JOINT)
MOTOR = int(mujoco.mjtBias.mjBIAS_NONE)


def use_servos(spec: mujoco.MjSpec, stiffness: float, damping: float) -> None:
    """Turn the actuators of a model into servos with the same largest torques.

    Args:
        spec: Whose actuators drive one joint each, and are motors with control limits or have force limits.
        stiffness: Of a servo, as a multiple of the largest torque, 1/rad.
        damping: Of a servo, as a multiple of its stiffness, s.

    Raises:
        ConfigError: An actuator drives something else than a joint, or has no limits.
    """
    for actuator in spec.actuators:
        torque = _largest_torque(actuator)
        if int(actuator.trntype) != JOINT or torque <= 0:
            message = (
                f"the actuator {actuator.name} must drive a joint, and must be a motor with a ctrlrange or have a "
                "forcerange, for target positions"
            )
            raise ConfigError([Problem("environment.kwargs.actions", message, remedy="use actions: torque")])
        actuator.gear[:] = (1, 0, 0, 0, 0, 0)
        # set_to_position keeps a filter and the constant term of an actuator that was a servo before.
        actuator.dyntype, actuator.biasprm[:] = mujoco.mjtDyn.mjDYN_NONE, 0.0
        actuator.set_to_position(kp=stiffness * torque, kv=damping * stiffness * torque)
        actuator.ctrllimited = mujoco.mjtLimited.mjLIMITED_FALSE
        actuator.forcelimited = mujoco.mjtLimited.mjLIMITED_TRUE
        actuator.forcerange[:] = (-torque, torque)


def _largest_torque(actuator: mujoco.MjsActuator) -> float:
    """Return the largest torque of an actuator, N m, or 0 if nothing limits it."""
    forces = [float(np.abs(actuator.forcerange).max())]
    if int(actuator.biastype) == MOTOR:
        forces.append(float(np.abs(actuator.gainprm[0] * actuator.ctrlrange).max()))
    return abs(float(actuator.gear[0])) * min((force for force in forces if force > 0), default=0.0)


class ServoTargets:
    """Target positions of the servos of a model for actions from -1 to 1.

    Args:
        model: With servos, one for each action.
        offset: rad or m that an action of one adds to the reference.
    """

    def __init__(self, model: mujoco.MjModel, offset: float) -> None:
        joints = model.actuator_trnid[:, 0]
        self.columns = model.jnt_qposadr[joints]
        limited = model.jnt_limited[joints].astype(bool)[:, np.newaxis]
        low, high = np.where(limited, model.jnt_range[joints], (-np.pi, np.pi)).T
        self._middle, self._half = (low + high) / 2, (high - low) / 2
        self._offset = offset

    def positions(self, action: Array) -> Array:
        """Return targets within the ranges of the joints, (n, nu)."""
        return self._middle + self._half * action.clip(-1, 1)

    def around(self, reference: Array, action: Array) -> Array:
        """Return targets around the coordinates of the reference, (n, nq)."""
        return reference[:, self.columns] + self._offset * action.clip(-1, 1)
