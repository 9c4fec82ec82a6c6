"""The grippers that an arm carries."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import mujoco
import numpy as np
from numpy.typing import NDArray

from rl_pipeline.envs.mujoco.grasping import shadow_hand

PARALLEL_JAW, BARRETT_HAND, SHADOW_HAND, VEHICLE = "ParallelJaw", "BarrettHand", "ShadowHand", "Vehicle"


class Eigengrasps(NamedTuple):
    """How the postures of many grasps vary, as actions between -1 and 1.

    Attributes:
        mean: Their mean, (actuators,).
        components: Principal components, (k, actuators), most important first; 1 times one goes as far as grasps do.
    """

    mean: NDArray[np.float64]
    components: NDArray[np.float64]

    def actions(self, weights: np.ndarray) -> NDArray[np.float64]:
        """Return the actions of all actuators, (n, actuators), for weights of the first components, (n, m)."""
        return (self.mean + weights @ self.components[: weights.shape[-1]]).clip(-1.0, 1.0)


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
        eigengrasps: How its grasps vary; None for a gripper that has too few joints to vary.
        on_arm: Whether an arm carries it; otherwise it swims.
    """

    name: str
    make: Callable[[], mujoco.MjSpec]
    open_control: NDArray[np.float64]
    closed_control: NDArray[np.float64]
    lowest: float
    start: float = 0.15
    eigengrasps: Eigengrasps | None = None
    on_arm: bool = True


def _from_file(name: str) -> Callable[[], mujoco.MjSpec]:
    return lambda: mujoco.MjSpec.from_file(str(Path(__file__).with_name(name)))


def _load_eigengrasps() -> Eigengrasps:
    """Read what `benchmarks/shadow_grasps.py` found."""
    with np.load(Path(__file__).with_name("eigengrasps.npz")) as file:
        return Eigengrasps(file["mean"], file["components"])


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
    eigengrasps=_load_eigengrasps(),
    lowest=0.02,
    start=0.18,
)
_VEHICLE = Gripper(
    VEHICLE,
    _from_file("vehicle.xml"),
    open_control=np.array([-0.3]),
    closed_control=np.array([0.3]),
    lowest=0.02,
    start=0.25,
    on_arm=False,
)
GRIPPERS = {gripper.name: gripper for gripper in (_JAW, _BARRETT, _SHADOW, _VEHICLE)}
"""By name."""
