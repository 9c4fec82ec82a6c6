"""The registered grasping tasks: which gripper grasps what, where and how."""

from collections.abc import Mapping

from rl_pipeline.envs.mujoco.grasping.grippers import BARRETT_HAND, SHADOW_HAND, VEHICLE
from rl_pipeline.envs.mujoco.grasping.objects import CUBE, CYLINDER, MESH, OBJECTS, SPHERE
from rl_pipeline.envs.mujoco.grasping.orient import OrientGrasp
from rl_pipeline.envs.mujoco.grasping.scene import OBSTACLE, UNEVEN
from rl_pipeline.envs.mujoco.grasping.task import Grasp

_CONTENTS = {"Cube": (CUBE,), "Sphere": (SPHERE,), "Cylinder": (CYLINDER,), "Mesh": (MESH,), "All": OBJECTS}


_ROTATIONS = {"": "matrix", "Euler": "euler", "Quat": "quaternion", "AxisAngle": "axis_angle"}
_BARRETT = {"gripper_name": BARRETT_HAND, "rotation": "matrix"}
_SHADOW = {"gripper_name": SHADOW_HAND, "rotation": "matrix"}


def _tasks() -> dict[str, type[Grasp]]:
    rows: dict[str, tuple[type[Grasp], Mapping[str, object]]] = {}
    for name, objects in _CONTENTS.items():
        rows[f"FlatPJ{name}"] = Grasp, {"objects": objects}
        rows[f"FlatBarrett{name}"] = Grasp, {**_BARRETT, "objects": objects}
        rows[f"FlatSH{name}"] = Grasp, {**_SHADOW, "objects": objects}
    for name in ("Cube", "Mesh"):
        uneven = {"objects": _CONTENTS[name], "ground": UNEVEN}
        rows[f"UnevenBarrett{name}"] = Grasp, {**_BARRETT, **uneven}
        rows[f"UnevenSH{name}"] = Grasp, {**_SHADOW, **uneven}
    rows["ObstacleSHCube"] = Grasp, {**_SHADOW, "ground": OBSTACLE}
    for suffix, rotation in _ROTATIONS.items():
        rows[f"FlatPJOrient{suffix}"] = OrientGrasp, {"rotation": rotation}
    rows["FlatSHOrient"] = OrientGrasp, {**_SHADOW, "objects": (MESH,), "any_rotation": True}
    rows["SeaClear"] = Grasp, {"gripper_name": VEHICLE, "objects": (CYLINDER,), "rotation": "yaw"}
    return {name: _task(name, base, attributes) for name, (base, attributes) in rows.items()}


def _task(name: str, base: type[Grasp], attributes: Mapping[str, object]) -> type[Grasp]:
    return type(name, (base,), {"__module__": __name__, "__doc__": base.__doc__, **attributes})


GRASPING_TASKS = _tasks()
"""Classes by the name of the environment without its version."""
globals().update(GRASPING_TASKS)
