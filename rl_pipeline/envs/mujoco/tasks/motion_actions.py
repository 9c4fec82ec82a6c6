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


def use_servos(spec: mujoco.MjSpec, stiffness: float, damping: float) -> None:
    """Turn the motors of a model into servos with the same largest torques.

    Args:
        spec: Whose motors drive one joint each and have control limits.
        stiffness: Of a servo, as a multiple of the largest torque, 1/rad.
        damping: Of a servo, as a multiple of its stiffness, s.

    Raises:
        ConfigError: A motor drives something else than a joint, or has no limits.
    """
    for motor in spec.actuators:
        torque = float(motor.gear[0]) * float(np.abs(motor.ctrlrange).max())
        if int(motor.trntype) != JOINT or torque <= 0:
            message = f"the motor {motor.name} must drive a joint and have a ctrlrange for target positions"
            raise ConfigError([Problem("environment.kwargs.actions", message, remedy="use actions: torque")])
        motor.gear[:] = (1, 0, 0, 0, 0, 0)
        motor.set_to_position(kp=stiffness * torque, kv=damping * stiffness * torque)
        motor.ctrllimited = mujoco.mjtLimited.mjLIMITED_FALSE
        motor.forcelimited = mujoco.mjtLimited.mjLIMITED_TRUE
        motor.forcerange[:] = (-torque, torque)


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
