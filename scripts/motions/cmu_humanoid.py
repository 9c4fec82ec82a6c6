"""Write dm_control's CMU humanoid, and a squat with raised arms for it: `python scripts/motions/cmu_humanoid.py`.

The model comes out of the installed package dm_control (Apache-2.0), which is not needed afterwards. The motion is
computed here: the feet stay where they are, and the centre of mass stays over them.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

import mujoco
import numpy as np
from dm_control.locomotion.walkers.cmu_humanoid import CMUHumanoidPositionControlledV2020
from numpy.typing import NDArray
from scipy.optimize import least_squares

from rl_pipeline.datasets.binding import single_joints
from rl_pipeline.datasets.mirroring import mirrored_joints
from rl_pipeline.datasets.motion_file import save_motion
from rl_pipeline.datasets.motions import Motion
from rl_pipeline.datasets.velocities import with_velocities

Array = NDArray[np.float64]

UPRIGHT = (0.5, 0.5, 0.5, 0.5)
"""Orientation of the root in which the humanoid stands and looks along x."""
TIME_STEP = 0.005
PERIOD, DT = 2.5, 0.02
KNEES = (0.25, 1.0)
"""rad, while standing and in the squat."""
FEET_APART = 0.11
"""m from the middle to the ankle."""
WEIGHT_AHEAD = 0.075
"""m from the ankles to the centre of mass; heels are 0.03 m behind them, and the tips of the toes 0.2 m ahead."""
ARMS = {"lhumerusrz": (1.05, -1.0), "lhumerusrx": (-0.5, 0.4)}
"""rad, while standing, along the body, and in the squat, above the shoulders."""
SOLVED = ("lfemurrx", "lfemurrz", "lfootrx")


def main() -> None:
    """Write `cmu_humanoid.xml` and `cmu_humanoid_squat.npz`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(), help="folder to write to")
    folder = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    spec = make_model()
    model = spec.compile()
    (folder / "cmu_humanoid.xml").write_text(spec.to_xml())
    save_motion(make_squat(model), folder / "cmu_humanoid_squat.npz")


def make_model() -> mujoco.MjSpec:
    """Return dm_control's humanoid with a free root, on a floor.

    It is the version with position actuators, which is strong enough: the ankles of the one with motors have 20 N m.
    """
    walker = CMUHumanoidPositionControlledV2020()
    spec = mujoco.MjSpec.from_string(walker.mjcf_model.to_xml_string())
    spec.option.timestep, spec.option.integrator = TIME_STEP, mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    root = spec.body("root")
    root.pos, root.quat = walker.upright_pose.xpos, UPRIGHT
    root.add_freejoint(name="root")
    root.add_camera(
        name="track", mode=mujoco.mjtCamLight.mjCAMLIGHT_TRACKCOM, pos=(0, 0.3, 4.0), quat=(1, 0, 0, 0)
    )
    floor = spec.worldbody.add_geom(name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, size=(20, 20, 0.1))
    floor.rgba = (0.3, 0.4, 0.5, 1)
    return spec


class Poses:
    """Symmetric poses of the humanoid.

    Args:
        model: With the root free.
    """

    def __init__(self, model: mujoco.MjModel) -> None:
        self.model, self.data = model, mujoco.MjData(model)
        self._pairs = mirrored_joints(model, single_joints(model))

    def take(self, joints: Mapping[str, float], root: Array) -> None:
        """Bring the model into a pose.

        Args:
            joints: Of the left side, rad; those of the right side mirror them. Others are zero.
            root: (2,), x and z, m.
        """
        self.data.qpos[:] = 0.0
        for name, angle in joints.items():
            image = self._pairs[name]
            self.data.joint(name).qpos = angle
            self.data.joint(image.removeprefix("-")).qpos = -angle if image.startswith("-") else angle
        self.data.qpos[[0, 2]] = root
        self.data.qpos[3:7] = UPRIGHT
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_comPos(self.model, self.data)

    def lowest(self) -> float:
        """Return the height of the lowest point of the left foot and its toes, m."""
        heights = []
        for geom in range(self.model.ngeom):
            if self.model.body(int(self.model.geom_bodyid[geom])).name in ("lfoot", "ltoes"):
                radius, half = self.model.geom_size[geom, :2]
                drop = half * abs(self.data.geom_xmat[geom, 8])
                heights.append(float(self.data.geom_xpos[geom, 2] - drop - radius))
        return min(heights)


def make_squat(model: mujoco.MjModel) -> Motion:
    """Return a squat with arms that rise, from standing to standing."""
    poses = Poses(model)
    phase = np.linspace(0.0, 1.0, round(PERIOD / DT) + 1)
    down = (1 - np.cos(2 * np.pi * phase)) / 2
    qpos = np.empty((len(phase), model.nq))
    guess = np.array([-0.2, -0.3, -0.1, 0.0, 1.0])
    for frame, part in enumerate(down):
        fixed = {"ltibiarx": KNEES[0] + part * (KNEES[1] - KNEES[0])}
        fixed |= {name: low + part * (high - low) for name, (low, high) in ARMS.items()}

        def miss(values: Array, fixed: Mapping[str, float] = fixed) -> Array:
            poses.take({**fixed, **dict(zip(SOLVED, values[:3], strict=True))}, values[3:])
            ankle = poses.data.body("lfoot").xpos
            tilt = poses.data.geom("lfoot").xmat[8]  # of the axis of a capsule from the heel to the ball
            over_feet = poses.data.subtree_com[0, 0] - ankle[0] - WEIGHT_AHEAD
            return np.array([ankle[0], ankle[1] - FEET_APART, tilt, poses.lowest(), over_feet])

        found = least_squares(miss, guess, xtol=1e-12, ftol=1e-12)
        if np.abs(found.fun).max() > 1e-5:
            raise ValueError(f"frame {frame}: no pose has its feet on the ground and its weight over them")
        guess = found.x
        miss(found.x)
        qpos[frame] = poses.data.qpos
    return _motion(model, qpos)


def _motion(model: mujoco.MjModel, qpos: Array) -> Motion:
    joints = single_joints(model)
    columns = [int(model.joint(name).qposadr[0]) for name in joints]
    frames = len(qpos)
    motion = Motion(
        name="cmu_humanoid_squat",
        dt=DT,
        joint_names=joints,
        joint_positions=qpos[:, columns],
        joint_velocities=np.zeros((frames, len(joints))),
        root_position=qpos[:, :3],
        root_orientation=qpos[:, 3:7],
        root_linear_velocity=np.zeros((frames, 3)),
        root_angular_velocity=np.zeros((frames, 3)),
        contact_names=("lfoot", "rfoot"),
        contacts=np.ones((frames, 2), np.bool_),
        cyclic=True,
        source="computed by scripts/motions/cmu_humanoid.py",
        licence="Apache-2.0",
    )
    return with_velocities(motion, window=0.0)


if __name__ == "__main__":
    main()
