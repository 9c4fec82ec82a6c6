import mujoco
import numpy as np
import pytest
from mjbatch import Batch

from rl_pipeline.envs.mujoco.post_constraint import compute_after_integration

FIELDS = ("cfrc_ext", "cfrc_int", "cacc")
FALLING_BOXES = """
<mujoco>
  <option integrator="{integrator}"/>
  <worldbody>
    <geom type="plane" size="5 5 1"/>
    <body pos="0 0 0.3"><freejoint/><geom type="box" size="0.1 0.1 0.1"/>
      <body pos="0.15 0 0"><joint type="hinge" axis="0 1 0"/><geom type="capsule" size="0.05 0.1"/></body>
    </body>
  </worldbody>
</mujoco>
"""


@pytest.mark.parametrize("integrator", ["Euler", "RK4", "implicitfast"])
def test_equals_calling_mujoco_after_each_step(integrator: str) -> None:
    xml = FALLING_BOXES.format(integrator=integrator)
    spec = mujoco.MjSpec.from_string(xml)
    compute_after_integration(spec)
    batch = Batch(spec.compile(), 2, 2)
    bound = {field: batch.bind(field) for field in FIELDS}
    model = mujoco.MjModel.from_xml_string(xml)
    data = mujoco.MjData(model)
    for _ in range(100):
        batch.step(nstep=3)
        mujoco.mj_step(model, data, nstep=3)
        mujoco.mj_rnePostConstraint(model, data)
        for field, values in bound.items():
            np.testing.assert_array_equal(values[1], getattr(data, field))
    assert np.abs(bound["cfrc_ext"]).max() > 1.0


def test_forces_are_zero_after_a_reset() -> None:
    spec = mujoco.MjSpec.from_string(FALLING_BOXES.format(integrator="RK4"))
    compute_after_integration(spec)
    batch = Batch(spec.compile(), 2, 1)
    forces = batch.bind("cfrc_ext")
    batch.step(nstep=300)
    assert np.abs(forces).max() > 1.0
    batch.reset()
    assert not forces.any()


def test_many_models_can_have_it() -> None:
    for _ in range(3):
        spec = mujoco.MjSpec.from_string(FALLING_BOXES.format(integrator="RK4"))
        compute_after_integration(spec)
        assert spec.compile().nplugin == 1
