"""A task with a goal: two motors push a point over a plane."""

import mujoco
import numpy as np
from numpy.typing import NDArray

from rl_pipeline.envs.mujoco.goals import GoalTask
from rl_pipeline.envs.mujoco.task import Batch
from rl_pipeline.plain_data import StateDict

POINT = """
<mujoco>
  <option timestep="0.02" gravity="0 0 0"/>
  <worldbody>
    <body name="point">
      <joint name="x" type="slide" axis="1 0 0" damping="1"/>
      <joint name="y" type="slide" axis="0 1 0" damping="1"/>
      <geom size="0.05" mass="1"/>
    </body>
    <body name="goal" mocap="true"/>
  </worldbody>
  <actuator>
    <motor joint="x" ctrlrange="-1 1"/>
    <motor joint="y" ctrlrange="-1 1"/>
  </actuator>
</mujoco>
"""


class Push(GoalTask):
    max_episode_steps = 30

    def __init__(self, tolerance: float = 0.1) -> None:
        self.model = mujoco.MjSpec.from_string(POINT)
        self.tolerance = tolerance

    def reset(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {"mocap_pos": np.append(rng.uniform(-0.3, 0.3, 2), 0.0)[None]}

    def observe_state(self, batch: Batch) -> NDArray[np.floating]:
        return np.concatenate([batch.qpos, batch.qvel], 1)

    def achieved_goal(self, batch: Batch) -> NDArray[np.floating]:
        return batch.qpos

    def desired_goal(self, batch: Batch) -> NDArray[np.floating]:
        return batch.mocap_pos[:, 0, :2]

    def is_success(self, achieved_goal: np.ndarray, desired_goal: np.ndarray) -> NDArray[np.bool_]:
        return np.linalg.norm(achieved_goal - desired_goal, axis=-1) < self.tolerance

    def state_dict(self) -> StateDict:
        return {"tolerance": self.tolerance}

    def load_state_dict(self, state: StateDict) -> None:
        self.tolerance = state.get("tolerance", self.tolerance)
