import mujoco
import numpy as np
import pytest

from rl_pipeline.envs.mujoco.simulations import Simulations

PENDULUM = """
<mujoco>
  <worldbody>
    <body>
      <joint name="hinge" type="hinge" axis="0 1 0" range="-1 1"/>
      <geom size="0.1" pos="0 0 -1"/>
    </body>
    <body pos="0 3 0">
      <joint name="stuck" type="hinge" axis="0 1 0" damping="1e9"/>
      <geom size="0.1"/>
    </body>
  </worldbody>
  <actuator><motor joint="hinge"/></actuator>
  <sensor><jointpos name="angle" joint="hinge"/><jointvel name="speed" joint="hinge"/></sensor>
</mujoco>
"""


@pytest.fixture
def simulations() -> Simulations:
    return Simulations(mujoco.MjModel.from_xml_string(PENDULUM), 3, frame_skip=4, num_threads=2)


def test_steps_like_one_simulation_in_mujoco(simulations: Simulations) -> None:
    data = mujoco.MjData(simulations.model)
    for step in range(20):
        data.ctrl[:] = simulations.ctrl[:] = np.sin(step)
        simulations.step()
        mujoco.mj_step(simulations.model, data, nstep=4)
    np.testing.assert_array_equal(simulations.qpos, np.tile(data.qpos, (3, 1)))
    assert simulations.dt == pytest.approx(4 * simulations.model.opt.timestep)


def test_sensors_by_name_and_rows(simulations: Simulations) -> None:
    simulations.reset(np.array([0, 2]), [{"qpos": np.array([0.1, 0.0])}, {"qpos": np.array([0.3, 0.0])}])
    np.testing.assert_array_equal(simulations.sensor("angle"), [[0.1], [0.0], [0.3]])
    rows = simulations.rows(np.array([2]))
    np.testing.assert_array_equal(rows.sensor("angle"), [[0.3]])
    np.testing.assert_array_equal(rows.qpos, [[0.3, 0.0]])
    assert rows.n == 1
    assert rows.model is simulations.model


@pytest.mark.parametrize("watched", ["qvel", "xpos"])
def test_resets_to_values_that_a_field_already_has(simulations: Simulations, watched: str) -> None:
    getattr(simulations, watched)
    start = {"qpos": np.array([0.2, 0.7])}
    every = np.arange(3)
    for _ in range(2):
        simulations.reset(every, [start] * 3)
        np.testing.assert_array_equal(simulations.qpos, [start["qpos"]] * 3)
        simulations.step()
        assert (simulations.qpos[:, 1] == 0.7).all()


@pytest.mark.parametrize("watched", ["qvel", "xpos"])
def test_resets_only_what_is_asked_for(simulations: Simulations, watched: str) -> None:
    getattr(simulations, watched)
    simulations.ctrl[:] = 1.0
    simulations.step()
    before = simulations.qpos.copy()
    simulations.reset(np.array([1]), [{}])
    np.testing.assert_array_equal(simulations.qpos[[0, 2]], before[[0, 2]])
    np.testing.assert_array_equal(simulations.qpos[1], simulations.model.qpos0)
    assert simulations.ctrl[1] == 0.0


def test_continues_alike_after_both_ways_to_reset(simulations: Simulations) -> None:
    other = Simulations(simulations.model, 3, frame_skip=4)
    assert other.xpos.any()
    start = {"qpos": np.array([0.9, 0.1]), "qvel": np.array([3.0, 0.0])}
    for batch in (simulations, other):
        batch.ctrl[:] = 1.0
        batch.step()
        batch.reset(np.array([0, 2]), [start, start])
        batch.ctrl[:] = -1.0
        batch.step()
    np.testing.assert_array_equal(simulations.pool.bind("state"), other.pool.bind("state"))


def test_a_field_is_valid_when_it_is_first_read(simulations: Simulations) -> None:
    simulations.reset(np.arange(3), [{"qpos": np.array([angle, 0.0])} for angle in (0.1, 0.2, 0.3)])
    np.testing.assert_allclose(simulations.geom_xpos[:, 0, 0], -np.sin([0.1, 0.2, 0.3]))


def test_a_start_must_be_part_of_the_state(simulations: Simulations) -> None:
    with pytest.raises(ValueError, match=r"returned \['xpos'\]; a start consists of time, qpos"):
        simulations.reset(np.array([0]), [{"xpos": np.zeros((3, 3))}])


def test_unknown_fields_are_named(simulations: Simulations) -> None:
    with pytest.raises(AttributeError, match="no field 'qposs'"):
        simulations.qposs  # noqa: B018
