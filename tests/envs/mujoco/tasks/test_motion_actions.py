"""Servos of a motion task."""

import mujoco
import numpy as np
import pytest

from rl_pipeline.config.errors import ConfigError
from rl_pipeline.envs.mujoco.tasks.motion_actions import use_servos

MODEL = """
<mujoco>
  <worldbody>
    <body><joint name="hinge" axis="0 1 0" range="-1 2"/><geom size="0.1"/></body>
  </worldbody>
  <actuator>{}</actuator>
</mujoco>
"""
WITHOUT_LIMITS = '<position name="servo" joint="hinge" kp="30"/>'


@pytest.mark.parametrize(
    "actuator",
    [
        '<motor joint="hinge" gear="40" ctrlrange="-1 1"/>',
        '<motor joint="hinge" gear="40" ctrlrange="-2 2" forcerange="-1 1"/>',
        '<position joint="hinge" kp="30" ctrlrange="-1 2" forcerange="-40 40" timeconst="0.03"/>',
        '<general joint="hinge" biastype="affine" gainprm="45" biasprm="15 -30" ctrlrange="-1 1" gear="-1" '
        'forcerange="-40 40"/>',
    ],
)
def test_every_actuator_with_limits_becomes_the_same_servo(actuator: str) -> None:
    spec = mujoco.MjSpec.from_string(MODEL.format(actuator))
    use_servos(spec, stiffness=2.0, damping=0.1)
    model = spec.compile()
    data = mujoco.MjData(model)
    data.qpos[:], data.qvel[:], data.ctrl[:] = 0.3, 0.5, 0.4
    mujoco.mj_forward(model, data)
    assert model.na == 0, "no filter"
    np.testing.assert_allclose(data.qfrc_actuator, 80.0 * (0.4 - 0.3) - 8.0 * 0.5)
    data.ctrl[:] = 3.0
    mujoco.mj_forward(model, data)
    np.testing.assert_allclose(data.qfrc_actuator, 40.0)


def test_an_actuator_without_limits_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"servo must drive a joint.*forcerange"):
        use_servos(mujoco.MjSpec.from_string(MODEL.format(WITHOUT_LIMITS)), stiffness=2.0, damping=0.1)
