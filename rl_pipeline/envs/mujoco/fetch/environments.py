"""The Fetch tasks by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import mujoco
import numpy as np

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.envs.mujoco.fetch.model import grasp
from rl_pipeline.envs.mujoco.fetch.task import FetchTask, RewardType

BLOCK: Mapping[str, object] = {
    "robot0:slide0": 0.405,
    "robot0:slide1": 0.48,
    "robot0:slide2": 0.0,
    "object0:joint": (1.25, 0.53, 0.4, 1.0, 0.0, 0.0, 0.0),
}


@dataclass(kw_only=True)
class FetchReach(FetchTask):
    """`FetchReach-v4`: move the gripper to a point."""

    file: ClassVar[str] = "reach.xml"
    joints: ClassVar[Mapping[str, object]] = {
        "robot0:slide0": 0.4049,
        "robot0:slide1": 0.48,
        "robot0:slide2": 0.0,
    }
    has_object: ClassVar[bool] = False
    extra_height: ClassVar[float] = 0.2


@dataclass(kw_only=True)
class FetchPush(FetchTask):
    """`FetchPush-v4`: push a block to a position on the table."""

    file: ClassVar[str] = "push.xml"
    joints: ClassVar[Mapping[str, object]] = BLOCK
    extra_height: ClassVar[float] = 0.0


@dataclass(kw_only=True)
class FetchSlide(FetchTask):
    """`FetchSlide-v4`: hit a puck so that it slides to a position out of reach."""

    file: ClassVar[str] = "slide.xml"
    joints: ClassVar[Mapping[str, object]] = {
        "robot0:slide0": 0.05,
        "robot0:slide1": 0.48,
        "robot0:slide2": 0.0,
        "object0:joint": (1.7, 1.1, 0.41, 1.0, 0.0, 0.0, 0.0),
    }
    extra_height: ClassVar[float] = -0.02
    object_range: ClassVar[float] = 0.1
    target_range: ClassVar[float] = 0.3
    target_offset: ClassVar[float | tuple[float, float, float]] = (0.4, 0.0, 0.0)


@dataclass(kw_only=True)
class FetchPickAndPlace(FetchTask):
    """`FetchPickAndPlace-v4`: move a block to a position on or above the table."""

    file: ClassVar[str] = "pick_and_place.xml"
    joints: ClassVar[Mapping[str, object]] = BLOCK
    moves_fingers: ClassVar[bool] = True
    extra_height: ClassVar[float] = 0.2
    target_in_the_air: ClassVar[bool] = True

    start_grasped: float = 0.0
    """Share of the episodes that start with the block in the gripper; for training only, since they are easier."""

    def __post_init__(self) -> None:
        """Check the arguments.

        Raises:
            ConfigError: The reward does not exist, or the share is not between 0 and 1.
        """
        super().__post_init__()
        if not 0 <= self.start_grasped <= 1:
            key, message = "environment.kwargs.start_grasped", "must be between 0 and 1"
            raise ConfigError([Problem(key, message, self.start_grasped)])

    def setup(self, model: mujoco.MjModel) -> None:
        """Look up the parts of the model, and find the start with the block in the gripper."""
        super().setup(model)
        self._grasped = grasp(model, self._start, self.frame_skip) if self.start_grasped else None

    def reset(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Put the block near the gripper, or into it, and choose a goal."""
        fields = super().reset(rng)
        if self._grasped is not None and rng.uniform() < self.start_grasped:
            fields["qpos"], fields["qvel"] = self._grasped
        return fields


@dataclass(kw_only=True)
class FetchReachDense(FetchReach):
    """`FetchReachDense-v4`."""

    reward_type: RewardType = "dense"


@dataclass(kw_only=True)
class FetchPushDense(FetchPush):
    """`FetchPushDense-v4`."""

    reward_type: RewardType = "dense"


@dataclass(kw_only=True)
class FetchSlideDense(FetchSlide):
    """`FetchSlideDense-v4`."""

    reward_type: RewardType = "dense"


@dataclass(kw_only=True)
class FetchPickAndPlaceDense(FetchPickAndPlace):
    """`FetchPickAndPlaceDense-v4`."""

    reward_type: RewardType = "dense"
