"""Names of the parts of a MuJoCo model, as a policy outside the simulator needs them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import mujoco

JOINT_TRANSMISSIONS = (0, 1)
"""Values of `mjtTrn` of actuators that drive a joint: in its own frame, or in that of its parent."""


def actuator_names(model: "mujoco.MjModel") -> tuple[str, ...]:
    """Return the names of a model's actuators; one without a name is called after the joint that it drives."""
    return tuple(_actuator_name(model, index) for index in range(model.nu))


def _actuator_name(model: "mujoco.MjModel", index: int) -> str:
    name: str = model.actuator(index).name
    if not name and int(model.actuator_trntype[index]) in JOINT_TRANSMISSIONS:
        name = model.joint(int(model.actuator_trnid[index, 0])).name
    return name or f"actuator_{index}"
