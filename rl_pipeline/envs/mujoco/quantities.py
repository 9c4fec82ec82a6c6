"""Names and units of MuJoCo's quantities, such as `left_knee.position` in rad."""

from collections.abc import Callable, Iterator
from itertools import product

import mujoco

Named = list[tuple[str, str]]
"""Name and unit of each number of a field of `MjData`, in row-major order; the unit may be an empty text."""

FREE, BALL, SLIDE = (
    int(kind)
    for kind in (mujoco.mjtJoint.mjJNT_FREE, mujoco.mjtJoint.mjJNT_BALL, mujoco.mjtJoint.mjJNT_SLIDE)
)
SENSOR_UNITS = {
    "ACCELEROMETER": "m/s^2",
    "VELOCIMETER": "m/s",
    "GYRO": "rad/s",
    "FORCE": "N",
    "TORQUE": "Nm",
    "TOUCH": "N",
    "RANGEFINDER": "m",
    "BALLANGVEL": "rad/s",
    "FRAMEPOS": "m",
    "FRAMELINVEL": "m/s",
    "FRAMEANGVEL": "rad/s",
    "FRAMELINACC": "m/s^2",
    "FRAMEANGACC": "rad/s^2",
    "SUBTREECOM": "m",
    "SUBTREELINVEL": "m/s",
    "TENDONPOS": "m",
    "TENDONVEL": "m/s",
    "CLOCK": "s",
}
"""Units of sensors by the end of the name of their `mjtSensor`; those of joints depend on the joint."""
JOINT_SENSORS = {"JOINTPOS": ("m", "rad"), "JOINTVEL": ("m/s", "rad/s"), "JOINTACTFRC": ("N", "Nm")}
"""Units of sensors of sliding and of other joints."""
AXES, QUATERNION = ("x", "y", "z"), ("w", "x", "y", "z")


def name_field(model: mujoco.MjModel, field: str) -> Named | None:
    """Return names for the numbers of a field of `MjData`; None for an unknown field."""
    namer = FIELDS.get(field)
    return None if namer is None else list(namer(model))


def _positions(model: mujoco.MjModel) -> Iterator[tuple[str, str]]:
    for name, kind in _joints(model):
        if kind == FREE:
            yield from _vector(f"{name}.position", "m")
        if kind in (FREE, BALL):
            yield from _vector(f"{name}.orientation", "", QUATERNION)
        else:
            yield f"{name}.position", "m" if kind == SLIDE else "rad"


def _velocities(model: mujoco.MjModel) -> Iterator[tuple[str, str]]:
    yield from _of_degrees_of_freedom(
        model, "velocity", "m/s", "rad/s", "linear_velocity", "angular_velocity"
    )


def _forces(what: str) -> Callable[[mujoco.MjModel], Iterator[tuple[str, str]]]:
    return lambda model: _of_degrees_of_freedom(model, what, "N", "Nm", what, f"{what}_torque")


def _of_degrees_of_freedom(
    model: mujoco.MjModel, what: str, linear: str, angular: str, of_free: str, of_turning: str
) -> Iterator[tuple[str, str]]:
    for name, kind in _joints(model):
        if kind == FREE:
            yield from _vector(f"{name}.{of_free}", linear)
        if kind in (FREE, BALL):
            yield from _vector(f"{name}.{of_turning}", angular)
        else:
            yield f"{name}.{what}", linear if kind == SLIDE else angular


def _sensors(model: mujoco.MjModel) -> Iterator[tuple[str, str]]:
    for index in range(model.nsensor):
        sensor = model.sensor(index)
        name, size = sensor.name or f"sensor_{index}", int(sensor.dim[0])
        unit = _sensor_unit(model, index)
        if size == 1:
            yield name, unit
        else:
            numbers = tuple(map(str, range(size)))
            yield from _vector(name, unit, {3: AXES, 4: QUATERNION}.get(size, numbers))


def _sensor_unit(model: mujoco.MjModel, index: int) -> str:
    kind = mujoco.mjtSensor(int(model.sensor_type[index])).name.removeprefix("mjSENS_")
    if kind in JOINT_SENSORS:
        is_sliding = int(model.jnt_type[model.sensor_objid[index]]) == SLIDE
        return JOINT_SENSORS[kind][0 if is_sliding else 1]
    return SENSOR_UNITS.get(kind, "")


def _of_bodies(
    *groups: tuple[str, str, tuple[str, ...]],
) -> Callable[[mujoco.MjModel], Iterator[tuple[str, str]]]:
    def name_all(model: mujoco.MjModel) -> Iterator[tuple[str, str]]:
        for index, (what, unit, axes) in product(range(model.nbody), groups):
            yield from _vector(f"{model.body(index).name or f'body_{index}'}.{what}", unit, axes)

    return name_all


def _sites(model: mujoco.MjModel) -> Iterator[tuple[str, str]]:
    for index in range(model.nsite):
        yield from _vector(f"{model.site(index).name or f'site_{index}'}.position", "m")


def _tendons(what: str, unit: str) -> Callable[[mujoco.MjModel], Iterator[tuple[str, str]]]:
    return lambda model: (
        (f"{model.tendon(index).name or f'tendon_{index}'}.{what}", unit) for index in range(model.ntendon)
    )


def _joints(model: mujoco.MjModel) -> Iterator[tuple[str, int]]:
    for index in range(model.njnt):
        yield model.joint(index).name or f"joint_{index}", int(model.jnt_type[index])


def _vector(name: str, unit: str, axes: tuple[str, ...] = AXES) -> Iterator[tuple[str, str]]:
    return ((f"{name}.{axis}", unit) for axis in axes)


FIELDS: dict[str, Callable[[mujoco.MjModel], Iterator[tuple[str, str]]]] = {
    "qpos": _positions,
    "qvel": _velocities,
    "sensordata": _sensors,
    "qfrc_actuator": _forces("actuator_force"),
    "qfrc_constraint": _forces("constraint_force"),
    "xpos": _of_bodies(("position", "m", AXES)),
    "xquat": _of_bodies(("orientation", "", QUATERNION)),
    "cvel": _of_bodies(("angular_velocity", "rad/s", AXES), ("linear_velocity", "m/s", AXES)),
    "cfrc_ext": _of_bodies(("external_torque", "Nm", AXES), ("external_force", "N", AXES)),
    "cinert": _of_bodies(("inertia", "", tuple(map(str, range(10))))),
    "site_xpos": _sites,
    "ten_length": _tendons("length", "m"),
    "ten_velocity": _tendons("velocity", "m/s"),
}
