"""The task: bring an object to a place in an orientation, with a curriculum on the angle."""

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.datasets.quaternions import from_rotation_vector, normalized
from rl_pipeline.envs.mujoco.goals import SUCCESS
from rl_pipeline.envs.mujoco.grasping.curriculum import Curriculum
from rl_pipeline.envs.mujoco.grasping.rotations import angle_of_goals, matrix, six_numbers
from rl_pipeline.envs.mujoco.grasping.task import GOAL, Array, Grasp
from rl_pipeline.envs.mujoco.task import Batch
from rl_pipeline.plain_data import StateDict

UPRIGHT = np.array([0.0, 0.0, 1.0])


class OrientGrasp(Grasp):
    """Goals are positions (3) and rotations (6), the first two columns of a rotation matrix.

    Success also needs an angle to the goal below a tolerance. It starts at pi, and `Curriculum` reduces it by the
    success of the episodes that all simulations of the training have finished.
    """

    goals_have_rotation = True
    rotation = "matrix"
    any_rotation = False
    """Whether goals have any rotation; otherwise the object is turned about the vertical."""

    def __init__(
        self,
        n_eigengrasps: int | None = None,
        object_size_multiplier: float = 1.0,
        object_size_range: float = 0.0,
        start_grasped: float = 0.0,
        start_above: float = 0.0,
        angle_reduce_factor: float = 1.25,
        angle_min_tolerance: float = 0.2,
        angle_reduce_performance: float = 0.75,
    ) -> None:
        """Compose the model.

        Args:
            n_eigengrasps: As for `Grasp`.
            object_size_multiplier: As for `Grasp`.
            object_size_range: As for `Grasp`.
            start_grasped: As for `Grasp`.
            start_above: As for `Grasp`.
            angle_reduce_factor: What the tolerance is divided by when it is reduced.
            angle_min_tolerance: The last tolerance, in radians.
            angle_reduce_performance: Success rate above which the tolerance is reduced.

        Raises:
            ConfigError: A value is out of range.
        """
        super().__init__(n_eigengrasps, object_size_multiplier, object_size_range, start_grasped, start_above)
        checks = {
            "angle_reduce_factor": (angle_reduce_factor, angle_reduce_factor > 1, "must be greater than 1"),
            "angle_min_tolerance": (
                angle_min_tolerance,
                0 < angle_min_tolerance <= np.pi,
                "must be greater than 0 and at most pi",
            ),
            "angle_reduce_performance": (
                angle_reduce_performance,
                0 <= angle_reduce_performance < 1,
                "must be at least 0 and less than 1",
            ),
        }
        if problems := [
            Problem(f"environment.kwargs.{name}", message, value)
            for name, (value, is_valid, message) in checks.items()
            if not is_valid
        ]:
            raise ConfigError(problems)
        self.curriculum = Curriculum(angle_reduce_factor, angle_min_tolerance, angle_reduce_performance)

    @property
    def early_stop_ok(self) -> bool:
        """Whether a training may end by its success: the tolerance is the last one."""
        return self.curriculum.is_done

    def draw_rotations(self, rng: np.random.Generator) -> tuple[Array, Array]:
        """Turn the object a little about the vertical, and the goal by much or in any way."""
        start = from_rotation_vector(rng.uniform(-0.05, 0.05) * UPRIGHT)
        if self.any_rotation:
            return start, normalized(rng.normal(size=4))
        return start, from_rotation_vector(rng.uniform(-1.5, 1.5) * UPRIGHT)

    def achieved_goal(self, batch: Batch) -> Array:
        """Return positions and rotations of the objects, (n, 9)."""
        pose = self.object_pose(batch)
        return np.concatenate((pose[:, :3], six_numbers(matrix(pose[:, 3:]))), 1)

    def desired_goal(self, batch: Batch) -> Array:
        """Return positions and rotations that the objects should have, (n, 9)."""
        rotation = six_numbers(matrix(batch.mocap_quat[:, GOAL]))
        return np.concatenate((batch.mocap_pos[:, GOAL], rotation), 1)

    def is_success(self, achieved_goal: np.ndarray, desired_goal: np.ndarray) -> NDArray[np.bool_]:
        """Return where the object is less than 5 cm and the tolerated angle from its goal."""
        is_near = super().is_success(achieved_goal, desired_goal)
        if self.curriculum.tolerance >= np.pi:
            return is_near
        return is_near & (
            angle_of_goals(achieved_goal[..., 3:], desired_goal[..., 3:]) < self.curriculum.tolerance
        )

    def metrics(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return success and tolerance, and count the episodes that end with this step."""
        metrics = super().metrics(batch)
        tolerance = np.full(batch.n, self.curriculum.tolerance)
        ended = batch.time.ravel() > (self.max_episode_steps - 0.5) * batch.dt
        if ended.any():
            self.curriculum.count(metrics[SUCCESS][ended])
        return {**metrics, "angle_tolerance": tolerance}

    def state_dict(self) -> StateDict:
        """Return the state of the curriculum."""
        return self.curriculum.state_dict()

    def load_state_dict(self, state: StateDict) -> None:
        """Continue the curriculum; a run that was saved without one starts at the first tolerance."""
        if state:
            self.curriculum.load_state_dict(state)

    def follow(self, state: StateDict) -> None:
        """Evaluate with the tolerance of the training, and count no episodes."""
        super().follow(state)
        self.curriculum.is_frozen = True
