"""The task: bring an object to a place."""

from collections.abc import Sequence

import mujoco
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from rl_pipeline.datasets.quaternions import multiply, rotate
from rl_pipeline.envs.mujoco.goals import GoalTask, Named
from rl_pipeline.envs.mujoco.grasping.arguments import check_arguments
from rl_pipeline.envs.mujoco.grasping.grippers import GRIPPERS, PARALLEL_JAW
from rl_pipeline.envs.mujoco.grasping.holds import HOLD_PLACE, Hold, find_hold, require_firm
from rl_pipeline.envs.mujoco.grasping.inverse_kinematics import HOME, InverseKinematics
from rl_pipeline.envs.mujoco.grasping.motion import DOWN, moved, turned
from rl_pipeline.envs.mujoco.grasping.names import observed_numbers
from rl_pipeline.envs.mujoco.grasping.objects import CUBE, half_height
from rl_pipeline.envs.mujoco.grasping.rotations import ROTATION_ACTIONS, matrix, six_numbers
from rl_pipeline.envs.mujoco.grasping.scene import FLAT, build_scene, parking_place
from rl_pipeline.envs.mujoco.grasping.starts import draw_lift, draw_start
from rl_pipeline.envs.mujoco.simulations import Simulations
from rl_pipeline.envs.mujoco.task import Batch, FreeCamera

MOCAP, GOAL = 0, 1
"""Indices of the mocap bodies."""
DISTANCE = 0.05
"""Metres from the goal below which it is reached."""
SETTLING_STEPS = 250
CAMERA: FreeCamera = {
    "distance": 1.1,
    "azimuth": 140.0,
    "elevation": -20.0,
    "lookat": np.array([-0.08, 0.0, 0.15]),
}

Array = NDArray[np.float64]


class Grasp(GoalTask):
    """Grasp an object and bring it to a place.

    The observation holds, in this order: position (3) and rotation (6) of the grip, angles of the gripper's joints,
    the grip's velocity (3), position of the object (3), the same relative to the grip (3), the object's rotation (6),
    the same relative to the grip (6), its velocity relative to the grip (3) and its angular velocity (3).
    Velocities are metres and radians per environment step; rotations are the first two columns of their matrices.
    """

    gripper_name = PARALLEL_JAW
    objects: Sequence[str] = (CUBE,)
    """One of them lies there in an episode."""
    ground = FLAT
    goals_have_rotation = False
    rotation = "fixed"
    """Meaning of an action's numbers between position and fingers; a key of `ROTATION_ACTIONS`."""

    frame_skip = 10
    max_episode_steps = 50
    default_camera_config: FreeCamera | None = CAMERA

    def __init__(
        self,
        n_eigengrasps: int | None = None,
        object_size_multiplier: float = 1.0,
        object_size_range: float = 0.0,
        start_grasped: float = 0.0,
        start_above: float = 0.0,
    ) -> None:
        """Compose the model.

        Args:
            n_eigengrasps: Of a hand: how many combinations of joints an action commands; None for every actuator.
            object_size_multiplier: Factor of the size of the objects.
            object_size_range: Metres by which the sizes of the geoms vary from episode to episode, up and down.
            start_grasped: Share of the episodes that start with the object in the gripper, as high as a goal may be.
                Use it in training only, since such episodes are easier.
            start_above: Share of those that start with the open gripper around the object or above it; likewise.

        Raises:
            ConfigError: An argument is out of range, or two do not go together.
        """
        self.gripper = GRIPPERS[self.gripper_name]
        self.n_eigengrasps = n_eigengrasps
        self.object_size_multiplier = object_size_multiplier
        self.object_size_range = object_size_range
        self.start_grasped, self.start_above = start_grasped, start_above
        check_arguments(self)
        self._rotation = ROTATION_ACTIONS[self.rotation]
        self.model = build_scene(
            self.gripper, self.objects, self.ground, object_size_multiplier, object_size_range
        )

    def setup(self, model: mujoco.MjModel) -> None:
        """Find the indices of fingers and objects, and how the open gripper rests."""
        base = len(HOME) if self.gripper.on_arm else 7
        self._first = model.nq - 7 * len(self.objects)
        self._first_velocity = model.nv - 6 * len(self.objects)
        self._joints = slice(base, self._first)
        self._site = model.site("gripper_grip").id
        self._offset = model.site_pos[self._site].copy()
        self._geoms = [model.geom(name).id for name in self.objects]
        self._middle, self._half = (
            np.mean(model.actuator_ctrlrange, 1),
            np.ptp(model.actuator_ctrlrange, 1) / 2,
        )
        self._kinematics = InverseKinematics(model) if self.gripper.on_arm else None
        self._open = model.qpos0[self._joints].copy()
        self._open = self._rest(model)
        self._holds = self._find_holds(model) if self.start_grasped else []

    def _rest(self, model: mujoco.MjModel) -> Array:
        """Return the angles at which the joints of the open gripper rest."""
        data = mujoco.MjData(model)
        for name, value in self._start_at(np.array([0.0, 0.0, self.gripper.start])).items():
            getattr(data, name)[:] = value
        mujoco.mj_step(model, data, SETTLING_STEPS)
        return data.qpos[self._joints].copy()

    def _find_holds(self, model: mujoco.MjModel) -> list[Hold]:
        """Return how the gripper holds each object."""
        holds = [self._hold(model, index) for index in range(len(self.objects))]
        require_firm(self.gripper_name, dict(zip(self.objects, holds, strict=True)))
        return holds

    def _hold(self, model: mujoco.MjModel, index: int) -> Hold:
        """Return how the gripper holds an object that it has grasped on the ground."""
        lying = self._at_rest(index, np.array(HOLD_PLACE))
        fields = self._start_at(np.array([*HOLD_PLACE, max(lying[2], self.gripper.lowest)]))
        at = self._first + 7 * index
        fields["qpos"][at : at + 7] = lying
        fields["ctrl"] = self.gripper.closed_control
        return find_hold(model, fields, self._joints, at, self._site)

    def _start_at(self, grip: np.ndarray) -> dict[str, Array]:
        """Return a start with the open gripper at a place and all objects where they do not disturb."""
        if self._kinematics is not None:
            base = self._kinematics.solve(grip, DOWN)
        else:
            base = np.concatenate((grip - rotate(DOWN, self._offset), DOWN))
        parked = [self._at_rest(index, parking_place(index)) for index in range(len(self.objects))]
        return {
            "qpos": np.concatenate((base, self._open, *parked)),
            "ctrl": self.gripper.open_control.copy(),
            "mocap_pos": np.stack((grip, np.zeros(3))),
            "mocap_quat": np.stack((DOWN, np.array([1.0, 0.0, 0.0, 0.0]))),
            "userdata": np.zeros(2),
        }

    def _at_rest(self, index: int, place: np.ndarray) -> Array:
        height = half_height(self.objects[index], self.object_size_multiplier)
        return np.array([*place, height, 1.0, 0.0, 0.0, 0.0])

    def action_space(self, model: mujoco.MjModel) -> spaces.Box:
        """Return numbers between -1 and 1: three for the position, those of the rotation, those of the fingers."""
        size = 3 + self._rotation.size + (self.n_eigengrasps or model.nu)
        return spaces.Box(-1.0, 1.0, (size,), np.float32)

    def observation_names(self, model: mujoco.MjModel) -> dict[str, tuple[str, ...]]:
        """Return the names of the numbers of an observation by its keys."""
        return {key: tuple(name for name, _ in named) for key, named in self._observed(model).items()}

    def units(self, model: mujoco.MjModel) -> dict[str, str]:
        """Return metres and radians by name."""
        return {name: unit for named in self._observed(model).values() for name, unit in named if unit}

    def _observed(self, model: mujoco.MjModel) -> dict[str, Named]:
        return observed_numbers(model, self._joints, has_rotation=self.goals_have_rotation)

    def reset(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Draw the places of grip, object and goal, which object it is and how large."""
        index = int(rng.integers(len(self.objects)))
        growth = rng.uniform(-1.0, 1.0) * self.object_size_range
        height = half_height(self.objects[index], self.object_size_multiplier) + growth
        start = draw_start(rng, self.ground, self.gripper.start, height)
        object_turn, goal_turn = self.draw_rotations(rng)
        drawn = rng.uniform() if self.start_grasped + self.start_above else 1.0
        is_grasped = drawn < self.start_grasped
        is_above = not is_grasped and drawn < self.start_grasped + self.start_above
        fields = self._start_at(self._place_above(rng, start.object) if is_above else start.grip)
        at = self._first + 7 * index
        fields["qpos"][at : at + 7] = *start.object, *object_turn
        fields["mocap_pos"][GOAL], fields["mocap_quat"][GOAL] = start.goal, goal_turn
        fields["userdata"][:] = index, growth
        if is_grasped:
            self._put_in_gripper(fields, index, start.object + [0.0, 0.0, draw_lift(rng)])
        return fields

    def _place_above(self, rng: np.random.Generator, place: np.ndarray) -> Array:
        """Draw where the grip starts above an object, or around it."""
        lowest = max(place[2], self.gripper.lowest)
        return np.array([*place[:2], rng.uniform(lowest, self.gripper.start)])

    def _put_in_gripper(self, fields: dict[str, Array], index: int, place: np.ndarray) -> None:
        """Change a start so that the gripper holds an object at a place."""
        hold, at = self._holds[index], self._first + 7 * index
        held = self._start_at(place - hold.offset)
        fields["qpos"][: self._first] = held["qpos"][: self._first]
        fields["qpos"][self._joints] = hold.joints
        fields["qpos"][at : at + 7] = *place, *hold.rotation
        fields["ctrl"] = self.gripper.closed_control.copy()
        fields["mocap_pos"][MOCAP] = held["mocap_pos"][MOCAP]

    def draw_rotations(self, rng: np.random.Generator) -> tuple[Array, Array]:
        """Return the orientations of the object at the start and in the goal, (4,) each."""
        return np.array([1.0, 0.0, 0.0, 0.0]), np.array([1.0, 0.0, 0.0, 0.0])

    def apply(self, batch: Batch, action: np.ndarray) -> None:
        """Pull the grip and set the fingers."""
        action = np.clip(action, -1.0, 1.0)
        fingers = 3 + self._rotation.size
        batch.mocap_pos[:, MOCAP] = moved(
            batch.mocap_pos[:, MOCAP], batch.site_xpos[:, self._site], action[:, :3], self.gripper.lowest
        )
        if self._rotation.size:
            wanted = multiply(self._rotation.decode(action[:, 3:fingers]), DOWN)
            batch.mocap_quat[:, MOCAP] = turned(batch.mocap_quat[:, MOCAP], wanted)
        batch.ctrl[:] = self._middle + self._half * self._finger_action(action[:, fingers:])
        if self.object_size_range and isinstance(batch, Simulations):
            self._grow_objects(batch)

    def action_of(self, position: np.ndarray, control: np.ndarray) -> NDArray[np.float32]:
        """Return actions that keep the gripper pointing down, for a task without eigengrasps.

        Args:
            position: The three numbers for the position, (n, 3).
            control: Controls of the gripper's actuators, in their units.
        """
        rotation = self._rotation.identity
        rest = np.concatenate((rotation, (control - self._middle) / self._half))
        action = np.concatenate((position, np.tile(rest, (len(position), 1))), 1)
        return action.clip(-1.0, 1.0).astype(np.float32)

    def _finger_action(self, action: np.ndarray) -> Array:
        if self.n_eigengrasps is None or self.gripper.eigengrasps is None:
            return action
        return self.gripper.eigengrasps.actions(action)

    def _grow_objects(self, batch: Simulations) -> None:
        """Set the sizes of the objects in every simulation for this episode."""
        sizes = batch.pool.expand("geom_size")
        nominal = self._nominal_sizes(batch.model)
        growth = batch.userdata[:, 1, np.newaxis, np.newaxis] - self.object_size_range
        sizes[:, self._geoms] = nominal + np.where(nominal > 0, growth, 0.0)

    def _nominal_sizes(self, model: mujoco.MjModel) -> Array:
        return model.geom_size[self._geoms]

    def object_pose(self, batch: Batch) -> Array:
        """Return positions and quaternions of the objects that lie there, (n, 7)."""
        return self._of_object(batch, batch.qpos, self._first, 7)

    def _of_object(self, batch: Batch, values: np.ndarray, first: int, size: int) -> Array:
        if len(self.objects) == 1:
            return values[:, first : first + size]
        indices = first + size * batch.userdata[:, :1].astype(np.intp) + np.arange(size)
        return np.take_along_axis(values, indices, 1)

    def observe_state(self, batch: Batch) -> Array:
        """Return what the class describes."""
        pose = self.object_pose(batch)
        velocity = self._of_object(batch, batch.qvel, self._first_velocity, 6) * batch.dt
        grip = batch.site_xpos[:, self._site]
        grip_turn = batch.site_xmat[:, self._site].reshape(-1, 3, 3)
        grip_velocity = batch.sensor("grip_velocity") * batch.dt
        object_turn = matrix(pose[:, 3:])
        return np.concatenate(
            [
                grip,
                six_numbers(grip_turn),
                batch.qpos[:, self._joints],
                grip_velocity,
                pose[:, :3],
                pose[:, :3] - grip,
                six_numbers(object_turn),
                six_numbers(np.swapaxes(grip_turn, 1, 2) @ object_turn),
                velocity[:, :3] - grip_velocity,
                rotate(pose[:, 3:], velocity[:, 3:]),
            ],
            axis=1,
        )

    def achieved_goal(self, batch: Batch) -> Array:
        """Return the positions of the objects, (n, 3)."""
        return self.object_pose(batch)[:, :3]

    def desired_goal(self, batch: Batch) -> Array:
        """Return the positions where they should be, (n, 3)."""
        return batch.mocap_pos[:, GOAL]

    def is_success(self, achieved_goal: np.ndarray, desired_goal: np.ndarray) -> NDArray[np.bool_]:
        """Return where the object is less than 5 cm from its goal."""
        return np.linalg.norm(achieved_goal[..., :3] - desired_goal[..., :3], axis=-1) < DISTANCE
