"""Chaining of motions, and cyclic motions without a jump."""

from collections.abc import Sequence

import numpy as np

from rl_pipeline.config.errors import nearest
from rl_pipeline.datasets.motions import OVER_TIME, Motion, refuse
from rl_pipeline.datasets.quaternions import (
    angle_between,
    from_rotation_vector,
    inverse,
    multiply,
    normalized,
    rotate,
    to_rotation_vector,
)
from rl_pipeline.datasets.velocities import WINDOW, with_velocities

MOST_JUMP = 0.3
"""Largest difference, in rad or m, that is spread over frames; a larger one means a different movement."""
SAME_NAMES = ("joint_names", "body_names", "contact_names")


def chain(motions: Sequence[Motion], name: str | None = None) -> Motion:
    """Concatenate motions, such as the steps of a walk.

    Each motion starts in the plane where the previous one ends, and its first frame replaces that end. Phases are
    kept: a walk of ten steps goes ten times from 0 to 1. The chain is not cyclic.

    Args:
        motions: Motions with the same rate and names; each must start nearly where the previous one ends.
        name: Name of the chain; by default, that of the first motion.

    Raises:
        MotionError: They do not fit together; the message says which and why.
    """
    first = motions[0]
    parts: dict[str, list[np.ndarray]] = {field: [getattr(first, field)] for field in OVER_TIME}
    end = first
    for motion in motions[1:]:
        _check_fit(end, motion)
        shift = (parts["root_position"][-1][-1] - motion.root_position[0]) * (1, 1, 0)
        moved = {
            "root_position": motion.root_position + shift,
            "body_positions": motion.body_positions + shift,
        }
        for field, pieces in parts.items():
            pieces[-1] = pieces[-1][:-1]
            pieces.append(moved.get(field, getattr(motion, field)))
        end = motion
    joined = {field: np.concatenate(pieces) for field, pieces in parts.items()}
    return first.changed(**joined, name=name or first.name, cyclic=len(motions) == 1 and first.cyclic)


def repeat(motion: Motion, times: int) -> Motion:
    """Return several cycles of a cyclic motion as one.

    Raises:
        MotionError: The motion is not cyclic.
    """
    if not motion.cyclic:
        remedy = "make it cyclic with close_cycle (--cyclic on the command line)"
        raise refuse(f"motion {motion.name}", "is not cyclic", remedy=remedy)
    return chain([motion] * times)


def close_cycle(motion: Motion, window: float = WINDOW) -> Motion:
    """Return a motion that repeats: the difference between its ends is spread evenly over its frames.

    Body poses are left out, since they would no longer match the joints; binding computes them again.

    Args:
        motion: One period, as `cut` returns it.
        window: Seconds over which the new velocities are smoothed.

    Raises:
        MotionError: The ends differ by more than 0.3 rad or m, so it is not a period.
    """
    _check_fit(motion, motion)
    part = np.linspace(0.0, 1.0, len(motion))[:, np.newaxis]
    joints, position = motion.joint_positions, motion.root_position
    turn = to_rotation_vector(multiply(inverse(motion.root_orientation[-1]), motion.root_orientation[0]))
    orientation = normalized(multiply(motion.root_orientation, from_rotation_vector(part * turn)))
    closed = motion.changed(
        joint_positions=joints - part * (joints[-1] - joints[0]),
        root_position=position - part * (motion.advance * (0, 0, 1)),
        root_orientation=orientation,
        body_names=(),
        phase=np.linspace(0.0, 1.0, len(motion)),
        cyclic=True,
    )
    return with_velocities(closed, window)


def heading_removed(motion: Motion) -> Motion:
    """Return the motion turned about the vertical so that it starts at the origin and looks along x."""
    w, x, y, z = motion.root_orientation[0]
    yaw = np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
    turn = from_rotation_vector(np.array([0.0, 0.0, -yaw]))
    start = motion.root_position[0] * (1, 1, 0)
    return motion.changed(
        root_position=rotate(turn, motion.root_position - start),
        root_orientation=multiply(turn, motion.root_orientation),
        root_linear_velocity=rotate(turn, motion.root_linear_velocity),
        body_positions=rotate(turn, motion.body_positions - start),
        body_orientations=multiply(turn, motion.body_orientations),
    )


def _check_fit(before: Motion, after: Motion) -> None:
    place = f"motions {before.name} and {after.name}"
    if abs(before.dt - after.dt) > 1e-9:
        raise refuse(place, "have different rates", [before.dt, after.dt], remedy="resample one of them")
    for field in SAME_NAMES:
        names, others = getattr(before, field), getattr(after, field)
        if names != others:
            odd = next((name for name in others if name not in names), None)
            near = nearest(odd, names) if odd else None
            raise refuse(place, f"differ in {field}", list(others), valid=names, nearest=near)
    jumps = dict(
        zip(after.joint_names, np.abs(after.joint_positions[0] - before.joint_positions[-1]), strict=True)
    )
    jumps["root height"] = abs(after.root_position[0, 2] - before.root_position[-1, 2])
    jumps["root orientation"] = angle_between(before.root_orientation[-1], after.root_orientation[0])
    worst = max(jumps, key=lambda name: float(jumps[name]))
    if jumps[worst] > MOST_JUMP:
        message = (
            f"{worst} jumps by {float(jumps[worst]):.3g} from the end of the one to the start of the other"
        )
        raise refuse(place, message, remedy="cut them where the movement is the same")
