"""The grippers that an arm carries."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import mujoco
import numpy as np
from numpy.typing import NDArray

PARALLEL_JAW, BARRETT_HAND, SHADOW_HAND, VEHICLE = "ParallelJaw", "BarrettHand", "ShadowHand", "Vehicle"


@dataclass(frozen=True)
class Gripper:
    """A gripper as a model with a body `base` at its flange and a site `grip` between its fingers.

    Attributes:
        name: Its name.
        make: Makes the model; z points from the flange towards what is grasped.
        open_control: Controls at which it is open, one for each actuator.
        lowest: Metres above the ground to which its grip may sink.
        start: Metres above the ground at which its grip starts.
        eigengrasps: Combinations of controls that grasps vary along, (k, actuators), most important first.
        on_arm: Whether an arm carries it; otherwise it swims.
    """

    name: str
    make: Callable[[], mujoco.MjSpec]
    open_control: NDArray[np.float64]
    lowest: float
    start: float = 0.15
    eigengrasps: NDArray[np.float64] | None = None
    on_arm: bool = True


def _from_file(name: str) -> Callable[[], mujoco.MjSpec]:
    return lambda: mujoco.MjSpec.from_file(str(Path(__file__).with_name(name)))


GRIPPERS = {
    PARALLEL_JAW: Gripper(PARALLEL_JAW, _from_file("parallel_jaw.xml"), np.array([0.04]), lowest=0.015),
}
"""By name."""
