"""Names and units of what the grasping tasks observe."""

import mujoco

from rl_pipeline.envs.mujoco.goals import Named, named_parts

UNITS = {int(mujoco.mjtJoint.mjJNT_HINGE): "rad", int(mujoco.mjtJoint.mjJNT_SLIDE): "m"}


def observed_numbers(model: mujoco.MjModel, joints: slice, *, has_rotation: bool) -> dict[str, Named]:
    """Return names and units by the keys of an observation.

    Velocities are those of one environment step, m and rad, and not of a second. The six numbers of a rotation are
    the first two columns of its matrix.

    Args:
        model: The compiled model.
        joints: Those of the gripper, by their places in `qpos`.
        has_rotation: Whether goals have a rotation, too.
    """
    observation = (
        *_vector("grip.position"),
        *_rotation("grip.rotation"),
        *_joints(model, joints),
        *_vector("grip.step"),
        *_vector("object.position"),
        *_vector("object.from_grip"),
        *_rotation("object.rotation"),
        *_rotation("object.rotation_from_grip"),
        *_vector("object.step_from_grip"),
        *named_parts("object.turn", "xyz", "rad"),
    )
    goals = {"achieved_goal": "object", "desired_goal": "goal"}
    return {
        "observation": observation,
        **{
            key: _vector(f"{what}.position") + (_rotation(f"{what}.rotation") if has_rotation else ())
            for key, what in goals.items()
        },
    }


def _vector(name: str) -> Named:
    return named_parts(name, "xyz", "m")


def _rotation(name: str) -> Named:
    return named_parts(name, "012345", "")


def _joints(model: mujoco.MjModel, places: slice) -> Named:
    found = [model.joint(index) for index in range(model.njnt)]
    chosen = [joint for joint in found if places.start <= int(joint.qposadr[0]) < places.stop]
    return tuple((f"{joint.name}.position", UNITS[int(joint.type[0])]) for joint in chosen)
