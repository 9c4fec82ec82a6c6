"""Curves over the gait cycle: mean and spread of many strides from 0 to 100 %, as in gait laboratories."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.datasets.mirroring import other_side
from rl_pipeline.datasets.motions import Motion

Array = NDArray[np.float64]

PERCENT = np.arange(101.0)
SIDE_WORD = re.compile(r"left|right", re.IGNORECASE)
SIDE_LETTER = re.compile(r"(^|(?<=[_.]))[lrLR](?=[_.]|$)|^[lrLR]")


@dataclass(frozen=True)
class Curve:
    """A quantity of one side over the gait cycle.

    Attributes:
        mean: (101,), over the strides; NaN if there is none.
        spread: (101,), standard deviation over the strides.
        n_strides: Number of strides.
        reference: (101,), of the reference motion; None if it does not have the quantity.
    """

    mean: Array
    spread: Array
    n_strides: int
    reference: Array | None = None


@dataclass(frozen=True)
class Panel:
    """One quantity of a joint or of the ground, of both sides or of one.

    Attributes:
        title: Joint, or the force on the feet.
        quantity: `angle`, `velocity`, `torque`, `power` or `force`.
        unit: Unit of the values.
        curves: Curves by the name of the joint or foot.
    """

    title: str
    quantity: str
    unit: str
    curves: dict[str, Curve]


def pairs(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Return names in pairs of left and right, and names in the middle alone."""
    groups: list[tuple[str, ...]] = []
    for name in names:
        group = tuple(sorted({name, other_side(name, names)}))
        if group not in groups:
            groups.append(group)
    return groups


def name_of_pair(group: Sequence[str]) -> str:
    """Return the common part of a pair's names: `hip` of `left_hip` and `right_hip`."""
    name = group[0]
    if len(group) == 1:
        return name
    found = SIDE_WORD.sub("", name) if SIDE_WORD.search(name) else SIDE_LETTER.sub("", name)
    return found.strip("_. ") or name


def strike_of(motion: Motion, name: str) -> int:
    """Return the frame at which the foot on the side of a joint or foot first touches the ground.

    Strides of each leg begin there. It is 0 if the motion has no contacts.
    """
    feet = motion.contact_names
    groups = [group for group in pairs(feet) if len(group) == 2]
    if not motion.cyclic or not groups:
        return 0
    side = _side(name)
    foot = next((foot for foot in groups[0] if _side(foot) == side), groups[0][-1])
    touching = motion.contacts[:-1, feet.index(foot)]
    strikes = np.flatnonzero(touching & ~np.roll(touching, 1))
    return int(strikes[0]) if len(strikes) else 0


def _side(name: str) -> str:
    found = SIDE_WORD.search(name) or SIDE_LETTER.search(name)
    return found[0][0].lower() if found else ""


def strides(
    steps: NDArray[np.intp], values: Array, last: int, start: int, *, cyclic: bool, offset: float = 0.0
) -> Array:
    """Cut the values of a walk into whole strides over the gait cycle, (number of strides, 101).

    Args:
        steps: (T,), consecutive steps since the first frame of the motion.
        values: (T,).
        last: Steps of a cycle.
        start: Frame of the motion at which strides begin.
        cyclic: Whether the motion repeats; otherwise it is one stride from its first frame to its last.
        offset: Steps by which the values are later than `steps`.
    """
    first, end = int(steps[0]), int(steps[-1])
    begins = range(first + (start - first) % last, end - last + 1, last) if cyclic else [0]
    at = np.linspace(0, last, len(PERCENT))
    found = [
        np.interp(begin + at, steps + offset, values) for begin in begins if first <= begin <= end - last
    ]
    return np.array(found).reshape(-1, len(PERCENT))


def reference_stride(values: Array, start: int) -> Array:
    """Return the values of a motion's cycle, (F,), over the gait cycle, (101,), from a frame on."""
    last = len(values) - 1
    turned = np.concatenate((values[start:last], values[: start + 1])) if start else values
    return np.interp(np.linspace(0, last, len(PERCENT)), np.arange(last + 1), turned)


def curve_of(found: Sequence[Array], reference: Array | None = None) -> Curve:
    """Return mean and spread of the strides of several walks."""
    every = np.concatenate(found)
    if not len(every):
        nothing = np.full(len(PERCENT), np.nan)
        return Curve(nothing, nothing, 0, reference)
    return Curve(every.mean(axis=0), every.std(axis=0), len(every), reference)
