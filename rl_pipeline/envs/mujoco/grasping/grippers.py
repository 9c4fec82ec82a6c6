"""The grippers that an arm carries."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import mujoco
import numpy as np
from numpy.typing import NDArray

from rl_pipeline.envs.mujoco.grasping import shadow_hand

PARALLEL_JAW, BARRETT_HAND, SHADOW_HAND, VEHICLE = "ParallelJaw", "BarrettHand", "ShadowHand", "Vehicle"


@dataclass(frozen=True)
class Gripper:
    """A gripper as a model with a body `base` at its flange and a site `grip` between its fingers.

    Attributes:
        name: Its name.
        make: Makes the model; z points from the flange towards what is grasped.
        open_control: Controls at which it is open, one for each actuator.
        closed_control: Controls that press the fingers on what lies between them.
        lowest: Metres above the ground to which its grip may sink.
        start: Metres above the ground at which its grip starts.
        eigengrasps: Combinations of controls that grasps vary along, (k, actuators), most important first.
        on_arm: Whether an arm carries it; otherwise it swims.
    """

    name: str
    make: Callable[[], mujoco.MjSpec]
    open_control: NDArray[np.float64]
    closed_control: NDArray[np.float64]
    lowest: float
    start: float = 0.15
    eigengrasps: NDArray[np.float64] | None = None
    on_arm: bool = True


def _from_file(name: str) -> Callable[[], mujoco.MjSpec]:
    return lambda: mujoco.MjSpec.from_file(str(Path(__file__).with_name(name)))


_JAW = Gripper(
    PARALLEL_JAW,
    _from_file("parallel_jaw.xml"),
    open_control=np.array([0.04]),
    closed_control=np.array([0.0]),
    lowest=0.015,
)
_BARRETT = Gripper(
    BARRETT_HAND,
    _from_file("barrett_hand.xml"),
    open_control=np.array([1.047, 0.6, 0.6, 0.6]),
    closed_control=np.array([1.047, 1.7, 1.7, 1.4]),
    lowest=0.03,
    start=0.18,
)
_SHADOW = Gripper(
    SHADOW_HAND,
    shadow_hand.make_shadow_hand,
    open_control=np.array(shadow_hand.OPEN),
    closed_control=np.array(shadow_hand.CLOSED),
    lowest=0.02,
    start=0.18,
)
_VEHICLE = Gripper(
    VEHICLE,
    _from_file("vehicle.xml"),
    open_control=np.array([-0.1]),
    closed_control=np.array([0.6]),
    lowest=0.02,
    start=0.25,
    on_arm=False,
)
GRIPPERS = {gripper.name: gripper for gripper in (_JAW, _BARRETT, _SHADOW, _VEHICLE)}
"""By name."""
