"""Names and units of what tasks observe, found out from the model."""

from collections.abc import Sequence
from typing import Any

import gymnasium
import mujoco
import numpy as np
import pytest

from rl_pipeline.envs.model_names import actuator_units
from rl_pipeline.envs.mujoco.observed import controls_actuators, observed_quantities
from rl_pipeline.envs.mujoco.registry import TASKS, task_class
from rl_pipeline.envs.mujoco.task import Task
from rl_pipeline.envs.mujoco.vector_env import MujocoVectorEnv
from rl_pipeline.policies.observations import as_dict

ARM = """
<mujoco>
  <worldbody>
    <body name="lift">
      <joint name="lift" type="slide" axis="0 0 1"/>
      <geom size="0.1"/>
      <body name="arm" pos="0.1 0 0">
        <joint name="elbow" axis="0 1 0"/>
        <geom size="0.1"/>
        <site name="tip"/>
      </body>
    </body>
  </worldbody>
  <actuator>
    <position name="lift" joint="lift" kp="20" ctrlrange="0 1"/>
    <motor name="elbow" joint="elbow" ctrlrange="-2 2"/>
  </actuator>
  <sensor><accelerometer name="imu" site="tip"/></sensor>
</mujoco>
"""


class Arm(Task):
    """Observes in all kinds of ways."""

    model = mujoco.MjSpec.from_string(ARM)

    def setup(self, model: mujoco.MjModel) -> None:
        self.goal = np.array([0.3])

    def observe(self, batch: Any) -> dict[str, np.ndarray]:
        joints = np.concatenate((batch.qvel, np.sin(batch.qpos), batch.qpos**2), axis=1)
        goal = np.broadcast_to(self.goal, (batch.n, 1))
        return {"joints": joints.astype(np.float32), "imu": batch.sensor("imu"), "goal": goal}

    def reward(self, batch: Any, action: np.ndarray) -> np.ndarray:
        return np.zeros(batch.n)

    def safe_action(self, model: mujoco.MjModel) -> Sequence[float]:
        return [0.0, 0.0]


class Scaled(Arm):
    """Does something else with its actions, and observes what it kept of them."""

    def apply(self, batch: Any, action: np.ndarray) -> None:
        self.last = action
        batch.ctrl[:] = 2 * action

    def observe(self, batch: Any) -> np.ndarray:  # type: ignore[override]
        return self.last + batch.qpos


def test_numbers_are_named_after_the_model() -> None:
    env = MujocoVectorEnv(Arm(), 2)
    interface = env.interface
    assert interface.observation_names == {
        "joints": (
            "lift.velocity",
            "elbow.velocity",
            *(f"joints[{index}]" for index in range(2, 6)),
        ),
        "imu": ("imu.x", "imu.y", "imu.z"),
    }
    assert interface.units == {
        "lift.velocity": "m/s",
        "elbow.velocity": "rad/s",
        **dict.fromkeys(("imu.x", "imu.y", "imu.z"), "m/s^2"),
    }
    assert (interface.action_names, interface.action_units) == (("lift", "elbow"), ("m", "Nm"))
    assert (interface.joint_names, interface.safe_action) == (("lift", "elbow"), (0.0, 0.0))


def test_a_task_that_changes_actions_has_no_units() -> None:
    env = MujocoVectorEnv(Scaled(), 2)
    assert not controls_actuators(env.task, env.model, 2)
    assert (env.interface.action_names, env.interface.action_units) == (("lift", "elbow"), ())


def test_a_task_that_needs_a_simulation_has_no_names() -> None:
    task = Scaled()
    model = task.load_model()
    assert observed_quantities(task, model) == {}


@pytest.mark.parametrize("environment_id", sorted(TASKS))
def test_every_shipped_task_is_named(environment_id: str) -> None:
    env = MujocoVectorEnv(task_class(environment_id)(), 1)
    names = env.interface.observation_names["observation"]
    observation = as_dict(env.reset(seed=0)[0])
    assert {key: part.shape[1] for key, part in observation.items()} == {
        key: len(set(named)) for key, named in env.interface.observation_names.items()
    }
    unknown = [name for name in names if name.startswith("observation[")]
    assert len(unknown) == (
        2 if environment_id == "Reacher-v5" else 0
    )  # the way to the target is a difference
    assert len(env.interface.units) > 0


def test_positions_and_velocities_are_those_of_the_model() -> None:
    env = MujocoVectorEnv(task_class("HalfCheetah-v5")(), 1)
    observation, _ = env.reset(seed=0)
    named = dict(zip(env.interface.observation_names["observation"], observation[0], strict=True))
    stock: Any = gymnasium.make("HalfCheetah-v5").unwrapped
    stock.reset(seed=0)
    for index in range(stock.model.njnt):
        joint = stock.model.joint(index).name
        if joint != "rootx":
            assert named[f"{joint}.position"] == stock.data.joint(joint).qpos[0]
        assert named[f"{joint}.velocity"] == stock.data.joint(joint).qvel[0]


def test_scaled_motors_have_no_unit() -> None:
    env = MujocoVectorEnv(task_class("HalfCheetah-v5")(), 1)
    assert set(actuator_units(env.model)) == {""}
    assert env.interface.action_units == ()
