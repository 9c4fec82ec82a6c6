from collections.abc import Callable
from pathlib import Path

import gymnasium.envs.mujoco
import mujoco
import numpy as np
import pytest

from rl_pipeline.config.errors import ConfigError
from rl_pipeline.datasets.model_files import load_model, load_spec
from rl_pipeline.envs.mujoco.model_mirror import mirror_of

HUMANOID = Path(gymnasium.envs.mujoco.__file__).parent / "assets" / "humanoid.xml"
KEY = "environment.kwargs.mirror"


LEG = """
<body pos="0 {y} -.2">
  <joint name="{side}_hip" axis="0 1 0" range="-60 60" limited="true"/>
  <joint name="{side}_spread" axis="1 0 0" range="{range}" limited="true"/>
  <geom type="capsule" fromto="0 0 0 .1 0 -.4" size=".05"/>
  <body name="{side}_foot" pos=".1 0 -.4"><geom type="sphere" size=".06"/></body>
</body>
"""
TURNED = f"""
<mujoco>
  <worldbody>
    <geom type="plane" size="5 5 .1"/>
    <body name="root" pos="0 0 .7" quat=".6 .3 .7 -.2"><freejoint/>
      <frame quat=".6 -.3 -.7 .2">
        <geom type="box" size=".1 .15 .2"/>
        {LEG.format(side="left", y=0.1, range="-10 40")}
        {LEG.format(side="right", y=-0.1, range="-40 10")}
      </frame>
    </body>
  </worldbody>
  <actuator><motor joint="left_spread" gear="5"/><motor joint="right_spread" gear="-5"/></actuator>
</mujoco>
"""
"""A robot with two legs, whose root frame has another axis than y across the body."""


def turned() -> mujoco.MjModel:
    return mujoco.MjModel.from_xml_string(TURNED)


@pytest.mark.parametrize(
    "make",
    [
        lambda: load_model("planar_walker"),
        lambda: load_model("balancer"),
        lambda: load_model(HUMANOID),
        turned,
    ],
    ids=["planar_walker", "balancer", "humanoid", "another root frame"],
)
def test_a_mirror_is_its_own_inverse(make: Callable[[], mujoco.MjModel]) -> None:
    mirror = mirror_of(make(), KEY)
    for of in (mirror.qpos, mirror.qvel, mirror.ctrl):
        np.testing.assert_allclose(of @ of, np.eye(len(of)), atol=1e-12)


@pytest.mark.parametrize(
    "make", [lambda: load_model(HUMANOID), turned], ids=["humanoid", "another root frame"]
)
def test_bodies_change_places(make: Callable[[], mujoco.MjModel]) -> None:
    model = make()
    mirror = mirror_of(model, KEY)
    rng, one, other = np.random.default_rng(3), mujoco.MjData(model), mujoco.MjData(model)
    one.qpos[:], one.qvel[:] = model.qpos0, rng.normal(0, 0.5, model.nv)
    mujoco.mj_integratePos(model, one.qpos, one.qvel, 1.0)
    other.qpos[:], other.qvel[:] = mirror.qpos @ one.qpos, mirror.qvel @ one.qvel
    for data in (one, other):
        mujoco.mj_forward(model, data)
        mujoco.mj_subtreeVel(model, data)
    feet = one.body("right_foot"), other.body("left_foot")
    np.testing.assert_allclose(feet[0].xpos * (1, -1, 1), feet[1].xpos, atol=1e-3)
    np.testing.assert_allclose(feet[0].subtree_linvel * (1, -1, 1), feet[1].subtree_linvel, atol=1e-2)


def test_signs_follow_axes_and_gears() -> None:
    mirror = mirror_of(turned(), KEY)
    np.testing.assert_array_equal(
        mirror.ctrl, [[0, 1], [1, 0]]
    )  # spread to the other side, with the opposite gear
    np.testing.assert_array_equal(mirror.qvel[6:, 6:], np.kron([[0, 1], [1, 0]], np.diag([1, -1])))


def heavier_foot(spec: mujoco.MjSpec) -> None:
    spec.body("left_foot").mass *= 1.5


def shorter_range(spec: mujoco.MjSpec) -> None:
    spec.joint("left_knee").range[1] = 120


def without_motor(spec: mujoco.MjSpec) -> None:
    spec.delete(spec.actuator("left_knee"))


def renamed(spec: mujoco.MjSpec) -> None:
    for number, joint in enumerate(spec.joints):
        joint.name = f"joint_{number}"
    for motor in spec.actuators:
        spec.delete(motor)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (heavier_foot, "mirrored states accelerate differently"),
        (shorter_range, "the range of left_knee is not the mirror image of that of right_knee"),
        (without_motor, "an actuator drives right_knee, but none drives left_knee"),
        (renamed, "no joints of a left and a right side"),
    ],
)
def test_models_that_are_not_symmetric_are_refused(
    change: Callable[[mujoco.MjSpec], None], said: str
) -> None:
    spec = load_spec("planar_walker")
    change(spec)
    with pytest.raises(ConfigError, match=said) as error:
        mirror_of(spec.compile(), KEY)
    assert KEY in str(error.value)
