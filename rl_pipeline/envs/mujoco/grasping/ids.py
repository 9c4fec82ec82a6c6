"""The registered grasping tasks: which gripper grasps what, where and how."""

from collections.abc import Mapping

from rl_pipeline.envs.mujoco.grasping.objects import CUBE, CYLINDER, MESH, OBJECTS, SPHERE
from rl_pipeline.envs.mujoco.grasping.orient import OrientGrasp
from rl_pipeline.envs.mujoco.grasping.task import Grasp

_CONTENTS = {"Cube": (CUBE,), "Sphere": (SPHERE,), "Cylinder": (CYLINDER,), "Mesh": (MESH,), "All": OBJECTS}


def _tasks() -> dict[str, type[Grasp]]:
    rows: dict[str, tuple[type[Grasp], Mapping[str, object]]] = {}
    for name, objects in _CONTENTS.items():
        rows[f"FlatPJ{name}"] = Grasp, {"objects": objects}
    for suffix, rotation in {
        "": "matrix",
        "Euler": "euler",
        "Quat": "quaternion",
        "AxisAngle": "axis_angle",
    }.items():
        rows[f"FlatPJOrient{suffix}"] = OrientGrasp, {"rotation": rotation}
    return {name: _task(name, base, attributes) for name, (base, attributes) in rows.items()}


def _task(name: str, base: type[Grasp], attributes: Mapping[str, object]) -> type[Grasp]:
    return type(name, (base,), {"__module__": __name__, "__doc__": base.__doc__, **attributes})


GRASPING_TASKS = _tasks()
"""Classes by the name of the environment without its version."""
globals().update(GRASPING_TASKS)
