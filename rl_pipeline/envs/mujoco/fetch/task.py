"""Base of the Fetch tasks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, get_args

import mujoco
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from rl_pipeline.config.errors import ConfigError, Problem, nearest
from rl_pipeline.envs.mujoco.fetch.kinematics import SiteMotion, euler_angles
from rl_pipeline.envs.mujoco.fetch.model import (
    FINGERS,
    GRIP,
    GRIPPER,
    GRIPPER_ROTATION,
    MOCAP,
    OBJECT,
    TARGET,
    compile_model,
    settle,
)
from rl_pipeline.envs.mujoco.fetch.names import observed_numbers
from rl_pipeline.envs.mujoco.goals import GoalTask
from rl_pipeline.envs.mujoco.simulations import Simulations
from rl_pipeline.envs.mujoco.task import Batch, FreeCamera
from rl_pipeline.plain_data import StateDict

RewardType = Literal["sparse", "dense"]

LONGEST_MOVE = 0.05
"""Distance by which an action moves the gripper along an axis, m."""
OBJECT_CLEARANCE = 0.1
"""Smallest distance between object and gripper at the start, m."""
HIGHEST_TARGET = 0.45
"""Height above the table, m."""
CAMERA: FreeCamera = {
    "distance": 2.5,
    "azimuth": 132.0,
    "elevation": -14.0,
    "lookat": np.array([1.3, 0.75, 0.55]),
}


@dataclass(kw_only=True)
class FetchTask(GoalTask):
    """Move the gripper, or an object, to a goal.

    Arguments that also exist in gymnasium-robotics have its names and defaults.
    """

    reward_type: RewardType = "sparse"
    """`sparse`: 0 at the goal, else -1; `dense`: the negative distance from the goal."""
    distance_threshold: float = 0.05
    """Distance from the goal at which it is reached, m."""
    max_episode_steps: int | None = 50
    width: int = 480
    height: int = 480
    camera_id: int | None = None
    camera_name: str | None = None
    default_camera_config: FreeCamera | None = field(default_factory=lambda: CAMERA)

    frame_skip: ClassVar[int] = 20  # type: ignore[misc]
    file: ClassVar[str]
    """MJCF file in the assets of gymnasium-robotics."""
    joints: ClassVar[Mapping[str, object]]
    """Initial positions by the names of joints."""
    has_object: ClassVar[bool] = True
    moves_fingers: ClassVar[bool] = False
    """Whether an action opens and closes the gripper; otherwise, it stays closed."""
    extra_height: ClassVar[float]
    """Height of the gripper at the start above the point where it touches the table, m."""
    object_range: ClassVar[float] = 0.15
    """Largest distance along an axis from gripper to object at the start, m."""
    target_range: ClassVar[float] = 0.15
    """Largest distance along an axis from gripper to goal at the start, m."""
    target_offset: ClassVar[float | tuple[float, float, float]] = 0.0
    target_in_the_air: ClassVar[bool] = False
    """Whether half of the goals for the object are above the table."""

    def __post_init__(self) -> None:
        """Check the arguments.

        Raises:
            ConfigError: The reward does not exist.
        """
        valid = get_args(RewardType)
        if self.reward_type not in valid:
            near = nearest(str(self.reward_type), valid)
            key, message = "environment.kwargs.reward_type", "unknown reward"
            raise ConfigError([Problem(key, message, self.reward_type, valid, near)])

    def load_model(self) -> mujoco.MjModel:
        """Compile the model of gymnasium-robotics."""
        return compile_model(self.file)

    def setup(self, model: mujoco.MjModel) -> None:
        """Look up the parts of the model, and move the gripper to the initial position of episodes."""
        self._dt = self.frame_skip * model.opt.timestep
        self._gripper = model.body(GRIPPER).id
        self._fingers = [model.joint(name).qposadr[0] for name in FINGERS]
        self._finger_dofs = [model.joint(name).dofadr[0] for name in FINGERS]
        self._mocap, self._target = (model.body(name).mocapid[0] for name in (MOCAP, TARGET))
        self._grip, self._grip_motion = model.site(GRIP).id, SiteMotion(model, GRIP)
        self._achieved = self._grip
        if self.has_object:
            self._achieved = self._object = model.site(OBJECT).id
            self._object_motion = SiteMotion(model, OBJECT)
            self._object_start = model.joint("object0:joint").qposadr[0]
        self._first_mocap = mujoco.MjData(model).mocap_pos.copy()
        self._start = settle(model, self.joints, self.frame_skip, self.extra_height)

    def action_space(self, model: mujoco.MjModel) -> spaces.Box:
        """Return the space of moves of the gripper along x, y and z, and of its opening."""
        return spaces.Box(-1.0, 1.0, (4,), np.float32)

    def observation_names(self, model: mujoco.MjModel) -> dict[str, tuple[str, ...]]:
        """Return the names of the numbers of an observation by its keys."""
        numbers = observed_numbers(has_object=self.has_object)
        return {key: tuple(name for name, _ in named) for key, named in numbers.items()}

    def units(self, model: mujoco.MjModel) -> dict[str, str]:
        """Return metres and radians by name."""
        return {
            name: unit
            for named in observed_numbers(has_object=self.has_object).values()
            for name, unit in named
        }

    def reset(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Put the object near the gripper and choose a goal."""
        qpos, mocap_pos = self._start.qpos.copy(), self._first_mocap.copy()
        if self.has_object:
            qpos[self._object_start : self._object_start + 2] = self._place_object(rng)
        mocap_pos[self._target] = self._choose_goal(rng)
        time = np.array(self._start.time)
        return {"time": time, "qpos": qpos, "qvel": self._start.qvel, "mocap_pos": mocap_pos}

    def _place_object(self, rng: np.random.Generator) -> NDArray[np.float64]:
        grip = self._start.grip[:2]
        place = grip
        while np.linalg.norm(place - grip) < OBJECT_CLEARANCE:
            place = grip + rng.uniform(-self.object_range, self.object_range, size=2)
        return place

    def _choose_goal(self, rng: np.random.Generator) -> NDArray[np.float64]:
        goal = self._start.grip + rng.uniform(-self.target_range, self.target_range, size=3)
        if self.has_object:
            goal += self.target_offset
            goal[2] = self._start.object_height
            if self.target_in_the_air and rng.uniform() < 0.5:
                goal[2] += rng.uniform(0, HIGHEST_TARGET)
        return goal

    def apply(self, batch: Batch, action: np.ndarray) -> None:
        """Pull the gripper along x, y and z, and open or close it."""
        action = np.clip(action, -1.0, 1.0)
        batch.mocap_pos[:, self._mocap] = batch.xpos[:, self._gripper] + action[:, :3] * LONGEST_MOVE
        batch.mocap_quat[:, self._mocap] = batch.xquat[:, self._gripper] + GRIPPER_ROTATION
        if self.moves_fingers:
            batch.ctrl[:] = batch.qpos[:, self._fingers[::-1]] + action[:, 3:]

    def after_physics(self, simulations: Simulations) -> None:
        """Close a gripper that actions do not move."""
        if not self.moves_fingers:
            simulations.qpos[:, self._fingers] = 0.0
            simulations.forward()

    def achieved_goal(self, batch: Batch) -> NDArray[np.float64]:
        """Return the position of the object, or of the grip if there is no object."""
        return batch.site_xpos[:, self._achieved]

    def desired_goal(self, batch: Batch) -> NDArray[np.float64]:
        """Return its desired position."""
        return batch.mocap_pos[:, self._target]

    def observe_state(self, batch: Batch) -> NDArray[np.float64]:
        """Return positions and velocities (per environment step, not second) of grip, fingers and object."""
        grip, grip_velocity = (
            batch.site_xpos[:, self._grip],
            self._grip_motion.velocities(batch)[0] * self._dt,
        )
        fingers, finger_velocity = batch.qpos[:, self._fingers], batch.qvel[:, self._finger_dofs] * self._dt
        if not self.has_object:
            return np.concatenate((grip, fingers, grip_velocity, finger_velocity), axis=1)
        place, angles = batch.site_xpos[:, self._object], euler_angles(batch.site_xmat[:, self._object])
        linear, angular = self._object_motion.velocities(batch)
        relative_velocity = linear * self._dt - grip_velocity
        return np.concatenate(
            (
                *(grip, place, place - grip, fingers, angles),
                *(relative_velocity, angular * self._dt, grip_velocity, finger_velocity),
            ),
            axis=1,
        )

    def is_success(self, achieved_goal: np.ndarray, desired_goal: np.ndarray) -> NDArray[np.bool_]:
        """Return whether the distance is below the threshold, for each row."""
        return _distance(achieved_goal, desired_goal) < self.distance_threshold

    def compute_reward(
        self, achieved_goal: np.ndarray, desired_goal: np.ndarray, info: object = None
    ) -> NDArray[np.float64]:
        """Return 0 or -1, or the negative distance, depending on `reward_type`."""
        distance = _distance(achieved_goal, desired_goal)
        return (
            -distance
            if self.reward_type == "dense"
            else -(distance > self.distance_threshold).astype(np.float64)
        )

    def reset_metrics(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return nothing, like gymnasium-robotics."""
        return {}

    def state_dict(self) -> StateDict:
        """Return the threshold, which a curriculum may change."""
        return {"distance_threshold": self.distance_threshold}

    def load_state_dict(self, state: StateDict) -> None:
        """Continue with the threshold of the run."""
        self.distance_threshold = state.get("distance_threshold", self.distance_threshold)


def _distance(one: np.ndarray, other: np.ndarray) -> NDArray[np.float64]:
    return np.linalg.norm(one - other, axis=-1)
