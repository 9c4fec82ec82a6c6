"""Small motions for the tests of datasets."""

import numpy as np

from rl_pipeline.datasets.motions import Motion
from rl_pipeline.datasets.quaternions import from_rotation_vector
from rl_pipeline.datasets.velocities import with_velocities

PLANAR = """
<mujoco>
  <worldbody>
    <geom name="floor" type="plane" size="5 5 .1"/>
    <body name="trunk" pos="0 0 1">
      <joint name="root_x" type="slide" axis="1 0 0"/>
      <joint name="root_z" type="slide" axis="0 0 1"/>
      <joint name="root_pitch" type="hinge" axis="0 1 0"/>
      <geom name="trunk" size=".1" mass="1"/>
      <body name="left_leg">
        <joint name="left_hip" type="hinge" axis="0 -1 0" range="-60 60" limited="true"/>
        <geom type="capsule" fromto="0 0 0 0 0 -.8" size=".05"/>
      </body>
      <body name="right_leg">
        <joint name="right_hip" type="hinge" axis="0 -1 0" range="-60 60" limited="true"/>
        <geom type="capsule" fromto="0 0 0 0 0 -.8" size=".05"/>
      </body>
    </body>
  </worldbody>
</mujoco>
"""
FREE = PLANAR.replace('<joint name="root_x" type="slide" axis="1 0 0"/>', '<freejoint name="root"/>')
for _line in ("root_z", "root_pitch"):
    FREE = "\n".join(line for line in FREE.splitlines() if _line not in line)


def walk(frames: int = 101, dt: float = 0.01, pitch: float = 0.1, **fields: object) -> Motion:
    """A closed cycle of two swinging legs that goes one metre."""
    phase = np.linspace(0, 1, frames)
    swing = 0.4 * np.sin(2 * np.pi * phase)
    lean = pitch * np.sin(2 * np.pi * phase)
    motion = Motion(
        name="walk",
        dt=dt,
        joint_names=("left_hip", "right_hip"),
        joint_positions=np.stack((swing, -swing), axis=1),
        joint_velocities=np.zeros((frames, 2)),
        root_position=np.stack((phase, 0 * phase, 1 + 0.02 * np.cos(4 * np.pi * phase)), axis=1),
        root_orientation=from_rotation_vector(np.outer(lean, (0, 1, 0))),
        root_linear_velocity=np.zeros((frames, 3)),
        root_angular_velocity=np.zeros((frames, 3)),
        contact_names=("left_leg", "right_leg"),
        contacts=np.stack((swing > 0, swing <= 0), axis=1),
        cyclic=True,
        source="a test",
        licence="Apache-2.0",
    )
    return with_velocities(motion).changed(**fields)
