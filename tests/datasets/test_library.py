"""The motions of the package: what they promise about feet and flight, and that their script makes them."""

import subprocess
import sys
from pathlib import Path

import mujoco
import numpy as np
import pytest

from rl_pipeline.datasets.binding import BoundMotion, bind
from rl_pipeline.datasets.model_files import load_model
from rl_pipeline.datasets.motion_file import load_motion
from rl_pipeline.datasets.motions import OVER_TIME, MotionError
from rl_pipeline.datasets.quaternions import inverse, rotate
from rl_pipeline.datasets.reading import LIBRARY, library, read_motion

ROOT = Path(__file__).parents[2]
HEIGHT, MASS = 1.75, 75.0
FEET = ("left_foot", "right_foot")


@pytest.fixture(scope="module")
def walker() -> mujoco.MjModel:
    return load_model("planar_walker")


def sole_velocity(bound: BoundMotion, foot: str) -> tuple[np.ndarray, np.ndarray]:
    """Height and horizontal velocity of the lowest point of a foot."""
    model = bound.model
    geom, body = model.geom(foot), model.body(foot).id
    ends = [geom.pos + rotate(geom.quat, (0, 0, sign * geom.size[1])) for sign in (-1, 1)]
    orientation = bound.bodies.orientations[:, body]
    centres = np.stack([rotate(orientation, end) for end in ends], axis=1)
    lowest = centres[:, :, 2].argmin(axis=1)
    arm = centres[np.arange(len(lowest)), lowest] - (0, 0, geom.size[0])
    speed = bound.bodies.linear_velocities[:, body] + np.cross(bound.bodies.angular_velocities[:, body], arm)
    return (bound.bodies.positions[:, body] + arm)[:, 2], speed[:, 0]


def test_the_walker_has_the_proportions_of_a_person(walker: mujoco.MjModel) -> None:
    assert walker.body_mass.sum() == pytest.approx(MASS)
    for body, share in {
        "trunk": 0.678,
        "left_thigh": 0.1,
        "right_shank": 0.0465,
        "left_foot": 0.0145,
    }.items():
        assert walker.body(body).mass[0] == pytest.approx(share * MASS)
    assert -walker.body("left_shank").pos[2] == pytest.approx(0.245 * HEIGHT)
    assert -walker.body("left_foot").pos[2] == pytest.approx(0.246 * HEIGHT)
    assert walker.body("trunk").pos[2] == pytest.approx(0.53 * HEIGHT)
    assert walker.body("left_thigh").inertia[1] == pytest.approx(
        7.5 * (0.323 * 0.245 * HEIGHT) ** 2, rel=1e-3
    )


@pytest.mark.parametrize("name", [name for name in library() if name.startswith("planar_walker")])
def test_motions_fit_the_walker_and_stay_above_the_ground(name: str, walker: mujoco.MjModel) -> None:
    motion = read_motion(name)
    assert (motion.licence, motion.cyclic) == ("Apache-2.0", True)
    bound = bind(motion, walker)
    assert bound.bodies.penetration.max() < 1e-6
    for foot in FEET:
        height, velocity = sole_velocity(bound, foot)
        touches = motion.contacts[:, motion.contact_names.index(foot)]
        assert height[touches].max() < 1e-6
        inside = touches & np.roll(touches, 2) & np.roll(touches, -2)
        assert np.abs(velocity[inside]).max() < 0.05, "the foot slips"


def test_the_walk_is_a_normal_gait() -> None:
    motion = read_motion("planar_walker_walk")
    most, least = (np.rad2deg(edge(motion.joint_positions, axis=0)) for edge in (np.max, np.min))
    hip, knee, ankle = 3, 4, 5
    assert 25 < most[hip] < 35
    assert -20 < least[hip] < -8
    assert 55 < most[knee] < 70
    assert least[knee] > 0
    assert -25 < least[ankle] < -12
    assert motion.advance[0] / motion.duration == pytest.approx(1.25)
    half = len(motion) // 2
    np.testing.assert_allclose(motion.joint_positions[half, :3], motion.joint_positions[0, 3:], atol=1e-9)


def test_the_hop_flies_like_a_thrown_body(walker: mujoco.MjModel) -> None:
    motion = read_motion("planar_walker_hop")
    height = bind(motion, walker).bodies.centre_of_mass[:, 2]
    flies = ~motion.contacts[:, 0]
    assert flies.sum() * motion.dt == pytest.approx(0.24, abs=0.02)
    acceleration = np.gradient(np.gradient(height, motion.dt), motion.dt)
    inside = flies & np.roll(flies, 2) & np.roll(flies, -2)
    np.testing.assert_allclose(acceleration[inside], -9.81, atol=0.2)
    assert acceleration.min() > -10.5, "on the ground nothing pulls it down"


def test_the_squat_keeps_the_centre_of_mass_over_the_feet(walker: mujoco.MjModel) -> None:
    bodies = bind(read_motion("planar_walker_squat"), walker).bodies
    foot = bodies.positions[:, walker.body("left_foot").id, 0]
    np.testing.assert_allclose(bodies.centre_of_mass[:, 0] - foot, 0.055, atol=1e-4)
    assert np.ptp(bodies.centre_of_mass[:, 2]) == pytest.approx(0.32, abs=1e-3)


def test_the_pole_swings_up_with_the_force_of_the_cart_alone() -> None:
    motion, model = read_motion("cart_pole_swing_up"), load_model("cart_pole")
    bound, data = bind(motion, model), mujoco.MjData(model)
    assert motion.joint_positions[0, 1] == pytest.approx(np.pi)
    np.testing.assert_allclose(motion.joint_positions[-100:], 0, atol=1e-6)
    accelerations = np.gradient(bound.qvel, motion.dt, axis=0)
    efforts = np.empty_like(accelerations)
    for frame in range(len(motion)):
        data.qpos[:], data.qvel[:] = bound.qpos[frame], bound.qvel[frame]
        data.qacc[:] = accelerations[frame]
        mujoco.mj_inverse(model, data)
        efforts[frame] = data.qfrc_inverse
    assert np.abs(efforts[:, 1]).max() < 0.05, "nothing turns the pole"
    assert np.abs(efforts[:, 0]).max() < model.actuator("cart").gear[0]


def test_the_script_makes_what_is_committed(tmp_path: Path) -> None:
    script = ROOT / "scripts" / "motions" / "make.py"
    subprocess.run([sys.executable, script, "--out", tmp_path], check=True, cwd=ROOT, timeout=250)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in LIBRARY.iterdir())
    for name in library():
        made, committed = load_motion(tmp_path / f"{name}.npz"), load_motion(LIBRARY / f"{name}.npz")
        for field in OVER_TIME:
            np.testing.assert_allclose(getattr(made, field), getattr(committed, field), atol=1e-4)


def test_bodies_turn_with_the_angular_velocity_of_the_root(walker: mujoco.MjModel) -> None:
    motion = read_motion("planar_walker_walk")
    bodies = bind(motion, walker).bodies
    local = rotate(inverse(bodies.orientations[:, 1]), bodies.angular_velocities[:, 1])
    np.testing.assert_allclose(local, motion.root_angular_velocity, atol=1e-9)


def test_unknown_models_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MotionError, match="did you mean: planar_walker"):
        load_model("planar_waker")
    (tmp_path / "a.xml").write_text("<mujoco><worldbody><body><joint/></body></worldbody></mujoco>")
    with pytest.raises(MotionError, match="cannot be compiled"):
        load_model(tmp_path / "a.xml")
