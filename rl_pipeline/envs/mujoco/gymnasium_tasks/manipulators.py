"""Reacher and Pusher: bring a fingertip, or an object, to a target."""

from dataclasses import dataclass, field

import mujoco
import numpy as np
from numpy.typing import NDArray

from rl_pipeline.envs.mujoco.gymnasium_tasks.base import GymnasiumTask, sum_of_squares
from rl_pipeline.envs.mujoco.task import Batch, FreeCamera

START_VELOCITY = 0.005
"""Limit of the initial joint velocities, rad/s."""


def _lengths(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sqrt(sum_of_squares(vectors))


@dataclass(kw_only=True)
class Reacher(GymnasiumTask):
    """`Reacher-v5` of Gymnasium."""

    xml_file: str = "reacher.xml"
    frame_skip: int = 2
    max_episode_steps: int | None = 50
    default_camera_config: FreeCamera | None = field(default_factory=lambda: {"trackbodyid": 0})
    reward_dist_weight: float = 1
    reward_control_weight: float = 1

    def setup(self, model: mujoco.MjModel) -> None:
        """Look up fingertip and target."""
        super().setup(model)
        self._fingertip, self._target = model.body("fingertip").id, model.body("target").id

    def reset(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Start near the initial pose with a random target within reach."""
        qpos = rng.uniform(-0.1, 0.1, self.init_qpos.size) + self.init_qpos
        goal = rng.uniform(-0.2, 0.2, 2)
        while np.linalg.norm(goal) >= 0.2:
            goal = rng.uniform(-0.2, 0.2, 2)
        qvel = self.init_qvel + rng.uniform(-START_VELOCITY, START_VELOCITY, self.init_qvel.size)
        qpos[-2:], qvel[-2:] = goal, 0.0
        return {"qpos": qpos, "qvel": qvel}

    def observe(self, batch: Batch) -> NDArray[np.float64]:
        """Return cosines and sines of the joints, the target, joint velocities and the vector to the target."""
        angles = batch.qpos[:, :2]
        way = self._to_target(batch)[:, :2]
        return np.concatenate(
            (np.cos(angles), np.sin(angles), batch.qpos[:, 2:], batch.qvel[:, :2], way), axis=1
        )

    def reward(self, batch: Batch, action: np.ndarray) -> NDArray[np.floating]:
        """Return the negative distance from the target minus control cost."""
        self._distance = -_lengths(self._to_target(batch)) * self.reward_dist_weight
        self._control = -sum_of_squares(action) * self.reward_control_weight
        return self._distance + self._control

    def metrics(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return the terms of the reward."""
        return {"reward_dist": self._distance, "reward_ctrl": self._control}

    def _to_target(self, batch: Batch) -> NDArray[np.float64]:
        return batch.xpos[:, self._fingertip] - batch.xpos[:, self._target]


@dataclass(kw_only=True)
class Pusher(GymnasiumTask):
    """`Pusher-v5` of Gymnasium."""

    xml_file: str = "pusher_v5.xml"
    frame_skip: int = 5
    max_episode_steps: int | None = 100
    default_camera_config: FreeCamera | None = field(
        default_factory=lambda: {"trackbodyid": -1, "distance": 4.0}
    )
    reward_near_weight: float = 0.5
    reward_dist_weight: float = 1
    reward_control_weight: float = 0.1

    def setup(self, model: mujoco.MjModel) -> None:
        """Look up the arm's tip, the object and the goal."""
        super().setup(model)
        self._tip, self._object, self._goal = (model.body(name).id for name in ("tips_arm", "object", "goal"))

    def reset(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Start in the initial pose with the object at a random position away from the goal."""
        place = np.concatenate((rng.uniform(-0.3, 0.0, 1), rng.uniform(-0.2, 0.2, 1)))
        while np.linalg.norm(place) <= 0.17:
            place = np.concatenate((rng.uniform(-0.3, 0.0, 1), rng.uniform(-0.2, 0.2, 1)))
        qpos = self.init_qpos.copy()
        qpos[-4:-2], qpos[-2:] = place, 0.0
        qvel = self.init_qvel + rng.uniform(-START_VELOCITY, START_VELOCITY, self.init_qvel.size)
        qvel[-4:] = 0.0
        return {"qpos": qpos, "qvel": qvel}

    def observe(self, batch: Batch) -> NDArray[np.float64]:
        """Return joint positions and velocities and the positions of tip, object and goal."""
        places = (batch.xpos[:, body] for body in (self._tip, self._object, self._goal))
        return np.concatenate((batch.qpos[:, :7], batch.qvel[:, :7], *places), axis=1)

    def reward(self, batch: Batch, action: np.ndarray) -> NDArray[np.floating]:
        """Return the negative distances from tip to object and from object to goal minus control cost."""
        thing = batch.xpos[:, self._object]
        self._near = -_lengths(thing - batch.xpos[:, self._tip]) * self.reward_near_weight
        self._distance = -_lengths(thing - batch.xpos[:, self._goal]) * self.reward_dist_weight
        self._control = -sum_of_squares(action) * self.reward_control_weight
        return self._distance + self._control + self._near

    def metrics(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return the terms of the reward."""
        return {"reward_dist": self._distance, "reward_ctrl": self._control, "reward_near": self._near}
