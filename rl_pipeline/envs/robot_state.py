"""State of a robot in MuJoCo in the form of a real robot's messages: its joints and the pose of its body."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv
from numpy.typing import NDArray

ROOT = 1
"""The first body below the world carries all others of a robot."""


@dataclass(frozen=True)
class BodyState:
    """Pose and velocity of the robot's root body.

    Attributes:
        name: The body.
        position: (3,), m, in the world.
        orientation: (4,), quaternion x, y, z, w.
        linear: (3,), m/s, in the frame of the body.
        angular: (3,), rad/s, in the frame of the body.
    """

    name: str
    position: NDArray[np.float64]
    orientation: NDArray[np.float64]
    linear: NDArray[np.float64]
    angular: NDArray[np.float64]


class RobotReader:
    """Reads environment 0 of a batch.

    Args:
        env: MuJoCo environments, of `backend: mujoco` or of Gymnasium in this process.

    Attributes:
        joint_names: The joints with one axis, without those of a moving root.
        seconds: Simulated seconds in an environment step.

    Raises:
        TypeError: MuJoCo does not simulate the environments.
    """

    def __init__(self, env: VectorEnv) -> None:
        import mujoco

        self._source = _source(env.unwrapped)
        self.model = self._source.model
        self._scratch = mujoco.MjData(self.model)
        root_joints = range(self.model.body_jntnum[ROOT]) if self.root_moves else range(0)
        first = int(self.model.body_jntadr[ROOT])
        in_root = {first + index for index in root_joints}
        # As integers: from MuJoCo 3.12 on, these constants differ from every integer of NumPy.
        single = (int(mujoco.mjtJoint.mjJNT_HINGE), int(mujoco.mjtJoint.mjJNT_SLIDE))
        joints = [
            index
            for index in range(self.model.njnt)
            if self.model.jnt_type[index] in single and index not in in_root
        ]
        self.joint_names = [self.model.joint(index).name or f"joint_{index}" for index in joints]
        self._positions = self.model.jnt_qposadr[joints]
        self._velocities = self.model.jnt_dofadr[joints]
        self.seconds = self._source.seconds

    @property
    def root_moves(self) -> bool:
        """Whether the root body moves in space: it floats, or slides along two axes like planar walkers."""
        import mujoco

        types = self.model.jnt_type[self.model.jnt_bodyid == ROOT].tolist()
        return int(mujoco.mjtJoint.mjJNT_FREE) in types or types.count(int(mujoco.mjtJoint.mjJNT_SLIDE)) >= 2

    def joints(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return positions (rad or m), velocities and efforts (N m or N) of the joints, each (n_joints,)."""
        source = self._source
        return (
            source.row("qpos")[self._positions],
            source.row("qvel")[self._velocities],
            source.row("qfrc_actuator")[self._velocities],
        )

    def body(self) -> BodyState:
        """Return the state of the root body, computed from the current joints."""
        import mujoco

        data = self._scratch
        data.qpos[:], data.qvel[:] = self._source.row("qpos"), self._source.row("qvel")
        mujoco.mj_kinematics(self.model, data)
        mujoco.mj_comPos(self.model, data)
        mujoco.mj_comVel(self.model, data)
        velocity = np.empty(6)
        mujoco.mj_objectVelocity(self.model, data, mujoco.mjtObj.mjOBJ_XBODY, ROOT, velocity, 1)
        return BodyState(
            name=self.model.body(ROOT).name or "base_link",
            position=data.xpos[ROOT].copy(),
            orientation=np.roll(data.xquat[ROOT], -1),
            linear=velocity[3:],
            angular=velocity[:3],
        )


def find_robot(env: VectorEnv) -> RobotReader | None:
    """Return the reader of environment 0, None if MuJoCo does not simulate it."""
    try:
        return RobotReader(env)
    except TypeError:
        return None


class _BatchSource:
    """Environment 0 of `backend: mujoco`."""

    def __init__(self, env: Any) -> None:
        self.model = env.model
        self.seconds = env.simulations.dt
        self._simulations = env.simulations

    def row(self, field: str) -> NDArray[np.float64]:
        """Return a field of `MjData`."""
        return getattr(self._simulations, field)[0]


class _GymnasiumSource:
    """Environment 0 of Gymnasium's own MuJoCo environments."""

    def __init__(self, env: Any) -> None:
        self.model = env.model
        self.seconds = env.dt
        self._env = env

    def row(self, field: str) -> NDArray[np.float64]:
        """Return a field of `MjData`."""
        return getattr(self._env.data, field)


def _source(env: Any) -> Any:
    if hasattr(env, "simulations"):
        return _BatchSource(env)
    first = env.envs[0].unwrapped if getattr(env, "envs", None) else None
    if not (hasattr(first, "model") and hasattr(first, "data") and hasattr(first, "dt")):
        raise TypeError("joints and poses are known only for MuJoCo environments")
    return _GymnasiumSource(first)
