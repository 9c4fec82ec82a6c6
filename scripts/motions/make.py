"""Make the motions that come with the package: `python scripts/motions/make.py`.

Everything in them is computed here, so that they have the licence of the package.
"""

import argparse
from pathlib import Path

import mujoco
import numpy as np
from legs import Legs, legs_of
from squat_and_hop import Poses, hop, squat
from swing_up import swing_up
from walking import GAITS, TOE_OFF, Gait, leg, optimise, pelvis

from rl_pipeline.datasets.binding import bind
from rl_pipeline.datasets.model_files import load_model
from rl_pipeline.datasets.motion_file import save_motion
from rl_pipeline.datasets.motions import Motion
from rl_pipeline.datasets.quaternions import from_rotation_vector
from rl_pipeline.datasets.reading import LIBRARY
from rl_pipeline.datasets.velocities import with_velocities

MODEL, CART_POLE = "planar_walker", "cart_pole"
DT = 0.01
SOURCE, LICENCE = "computed by scripts/motions/make.py", "Apache-2.0"
SIDES = ("left", "right")
JOINTS = tuple(f"{side}_{joint}" for side in SIDES for joint in ("hip", "knee", "ankle"))
FEET = tuple(f"{side}_foot" for side in SIDES)


def main() -> None:
    """Write the motions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=LIBRARY, help="folder to write to")
    parser.add_argument("--optimise", action="store_true", help="optimise the gaits again and print them")
    options = parser.parse_args()
    model = load_model(MODEL)
    legs = legs_of(model)
    gaits = {name: optimise(legs, gait) if options.optimise else gait for name, gait in GAITS.items()}
    if options.optimise:
        print(gaits)
    options.out.mkdir(parents=True, exist_ok=True)
    for motion in (
        *(_walk(name, legs, gait) for name, gait in gaits.items()),
        _symmetric("squat", squat(model, legs, DT)),
        _symmetric("hop", hop(model, legs, DT)),
    ):
        save_motion(_with_bodies(motion, model), options.out / f"{motion.name}.npz")
    cart_pole = load_model(CART_POLE)
    motion = _swing_up(swing_up(cart_pole, DT))
    save_motion(_with_bodies(motion, cart_pole), options.out / f"{motion.name}.npz")


def _walk(name: str, legs: Legs, gait: Gait) -> Motion:
    """Return a stride of the whole number of frames that is nearest to its period."""
    frames = round(gait.period / DT)
    phase = np.linspace(0, 1, frames + 1)
    hip, lean = pelvis(gait, phase)
    half = (phase + 0.5) % 1.0
    right, left = (leg(legs, gait, np.append(at[:-1], at[0])) for at in (phase, half))
    grounded = np.stack([np.append(at[:-1], at[0]) <= TOE_OFF for at in (half, phase)], axis=1)
    return _motion(
        name, hip, lean, np.concatenate((left[0], right[0]), axis=1), grounded, dt=gait.period / frames
    )


def _symmetric(name: str, poses: Poses) -> Motion:
    grounded = np.stack((poses.grounded, poses.grounded), axis=1)
    return _motion(
        name, poses.hip, poses.lean, np.concatenate((poses.angles, poses.angles), axis=1), grounded
    )


def _motion(
    name: str, hip: np.ndarray, lean: np.ndarray, angles: np.ndarray, contacts: np.ndarray, dt: float = DT
) -> Motion:
    frames = len(hip)
    motion = Motion(
        name=f"{MODEL}_{name}",
        dt=dt,
        joint_names=JOINTS,
        joint_positions=angles,
        joint_velocities=np.zeros_like(angles),
        root_position=np.stack((hip[:, 0] - hip[0, 0], np.zeros(frames), hip[:, 1]), axis=1),
        root_orientation=from_rotation_vector(np.outer(lean, (0, 1, 0))),
        root_linear_velocity=np.zeros((frames, 3)),
        root_angular_velocity=np.zeros((frames, 3)),
        contact_names=FEET,
        contacts=contacts,
        cyclic=True,
        source=SOURCE,
        licence=LICENCE,
    )
    return with_velocities(motion, window=0.0)


def _swing_up(positions: np.ndarray) -> Motion:
    frames = len(positions)
    motion = Motion(
        name=f"{CART_POLE}_swing_up",
        dt=DT,
        joint_names=("cart", "pole"),
        joint_positions=positions,
        joint_velocities=np.zeros_like(positions),
        root_position=np.zeros((frames, 3)),
        root_orientation=from_rotation_vector(np.zeros((frames, 3))),
        root_linear_velocity=np.zeros((frames, 3)),
        root_angular_velocity=np.zeros((frames, 3)),
        source=SOURCE,
        licence=LICENCE,
    )
    return with_velocities(motion, window=0.0)


def _with_bodies(motion: Motion, model: mujoco.MjModel) -> Motion:
    bodies = bind(motion, model).bodies
    names = tuple(model.body(index).name for index in range(1, model.nbody))
    return motion.changed(
        body_names=names, body_positions=bodies.positions[:, 1:], body_orientations=bodies.orientations[:, 1:]
    )


if __name__ == "__main__":
    main()
