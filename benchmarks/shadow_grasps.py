"""Finds grasps of the Shadow hand and their principal components, the eigengrasps of `environment.kwargs`.

A grasp is a pose of the joints in which thumb and fingers oppose each other on both sides of a ball that no part of
the hand touches otherwise, together with a direction along which the hand can be lowered over it. Grasps are
solutions of least squares from random starts. Each gives three postures: touching the ball, opened by 1 cm on each
side, and as much closed.

    python benchmarks/shadow_grasps.py --grasps 40 --out rl_pipeline/envs/mujoco/grasping/eigengrasps.npz
"""

import argparse
from pathlib import Path

import mujoco
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from rl_pipeline.envs.mujoco.grasping.shadow_hand import make_shadow_hand

Array = NDArray[np.float64]

PAD = 0.008
"""Radius of a fingertip in metres."""
BALL = 0.021
OPENING = 0.01
FINGERS = ("FF", "MF", "RF")
COMPONENTS = 10
FIXED = ("WR", "LF")
"""Joints that are not searched: the wrist stays straight, the little finger follows the ring finger."""


class Hand:
    """Forward kinematics of the hand: tips, and points all over its links."""

    def __init__(self) -> None:
        self.model = make_shadow_hand().compile()
        self.data = mujoco.MjData(self.model)
        self.motors = [self.model.actuator(i).name.removeprefix("gripper_") for i in range(self.model.nu)]
        self.searched = [name for name in self.motors if name[:2] not in FIXED]
        joints = [self.model.joint(name).id for name in self.motors]
        self._addresses = self.model.jnt_qposadr[joints]
        self.limits = self.model.actuator_ctrlrange.T.copy()
        self.is_searched = np.isin(self.motors, self.searched)
        self._capsules = np.flatnonzero(self.model.geom_type == mujoco.mjtGeom.mjGEOM_CAPSULE)
        self.radii = self.model.geom_size[self._capsules, 0]

    def controls(self, found: Array) -> Array:
        """Return the angles of all motors for those that are searched."""
        controls = np.zeros(len(self.motors))
        controls[self.is_searched] = found
        for joint in ("J3", "J2", "J1"):
            controls[self.motors.index("LF" + joint)] = controls[self.motors.index("RF" + joint)]
        return controls

    def move(self, found: Array) -> dict[str, Array]:
        """Take a posture and return the places of the tips."""
        self.data.qpos[self._addresses] = self.controls(found)
        for finger in (*FINGERS, "LF"):
            middle, outer = (self.model.joint(f"{finger}{joint}").qposadr[0] for joint in ("J1", "J0"))
            self.data.qpos[outer] = self.data.qpos[middle]
        mujoco.mj_kinematics(self.model, self.data)
        return {name: self.data.site(f"{name}_tip").xpos.copy() for name in (*FINGERS, "TH")}

    def points(self) -> Array:
        """Return five points along each link, (links, 5, 3)."""
        axes = self.data.geom_xmat[self._capsules].reshape(-1, 3, 3)[:, :, 2]
        along = np.linspace(-1, 1, 5)[:, None] * self.model.geom_size[self._capsules, 1][:, None, None]
        return self.data.geom_xpos[self._capsules][:, None] + axes[:, None] * along


def residuals(x: Array, hand: Hand, start: Array, distance: float) -> Array:
    """Return what should be zero in a grasp; x holds angles, the ball's centre and the direction of lowering."""
    angles, centre, down = x[:-6], x[-6:-3], x[-3:]
    tips = hand.move(angles)
    thumb, fingers = tips["TH"] - centre, (tips["FF"] + tips["MF"]) / 2 - centre
    normal = (thumb - fingers) / np.linalg.norm(thumb - fingers)
    down_unit = down / np.linalg.norm(down)
    points = hand.points() - centre
    gaps = np.linalg.norm(points, axis=2).min(1) - BALL - hand.radii - 0.001
    lowest = (points @ down_unit).max(1) + hand.radii - 0.016
    return np.concatenate(
        [
            (thumb + fingers) / 0.003,
            [(np.linalg.norm(thumb) - distance) / 0.002],
            [((tips[finger] - centre) @ normal + distance) / 0.003 for finger in FINGERS],
            np.minimum(gaps, 0.0) / 0.002,
            np.maximum(lowest, 0.0) / 0.003,
            [down_unit @ normal / 0.05, (np.linalg.norm(down) - 1.0) / 0.1],
            0.03 * (angles - start[:-6]),
        ]
    )


def find_grasp(hand: Hand, rng: np.random.Generator) -> list[Array] | None:
    """Return the controls of a grasp, touching, open and closed, or None where the search ends elsewhere."""
    low, high = hand.limits[:, hand.is_searched]
    angles = rng.uniform(low, high)
    tips = hand.move(angles)
    down = rng.normal(size=3) + [0.0, -0.5, 0.7]
    start = np.concatenate((angles, (tips["TH"] + tips["FF"]) / 2, down / np.linalg.norm(down)))
    bounds = (np.append(low, 6 * [-2.0]), np.append(high, 6 * [2.0]))
    postures = []
    for distance in (BALL + PAD, BALL + PAD + OPENING):
        start = start.clip(bounds[0] + 1e-3, bounds[1] - 1e-3)
        result = least_squares(residuals, start, bounds=bounds, args=(hand, start, distance), max_nfev=40)
        if result.cost > 1.0:
            return None
        postures.append(hand.controls(result.x[:-6]))
        start = result.x
    touching, opened = postures
    return [touching, opened, (2.0 * touching - opened).clip(*hand.limits)]


def principal_components(postures: Array, limits: Array) -> tuple[Array, Array]:
    """Return mean and components as actions between -1 and 1; 1 times a component goes as far as 95 % of postures."""
    low, high = limits
    actions = (2.0 * postures - low - high) / (high - low)
    mean = actions.mean(0)
    _, _, directions = np.linalg.svd(actions - mean, full_matrices=False)
    directions = directions[:COMPONENTS]
    reach = np.quantile(np.abs((actions - mean) @ directions.T), 0.95, axis=0)
    return mean, directions * reach[:, None]


def main() -> None:
    """Search, and write the eigengrasps."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--grasps", type=int, default=40, help="how many grasps to find")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    hand, rng = Hand(), np.random.default_rng(arguments.seed)
    postures: list[Array] = []
    while len(postures) < 3 * arguments.grasps:
        postures += find_grasp(hand, rng) or []
    mean, components = principal_components(np.array(postures), hand.limits)
    np.savez(arguments.out, mean=mean.round(4), components=components.round(4))
    sizes = np.linalg.norm(components, axis=1)
    print(f"{len(postures)} postures; sizes of the components: {sizes.round(2).tolist()}")


if __name__ == "__main__":
    main()
