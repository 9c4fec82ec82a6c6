"""Motions as tables for the terminal."""

from typing import TYPE_CHECKING

import numpy as np

from rl_pipeline.datasets.model_poses import pose_differences

if TYPE_CHECKING:
    from rl_pipeline.datasets.binding import BoundMotion
    from rl_pipeline.datasets.motions import Motion

UNKNOWN = "unknown"


def describe(motion: "Motion") -> str:
    """Return the content of a motion: a few facts, and a row for each joint."""
    speed = float(np.linalg.norm(motion.advance[:2])) / motion.duration
    heights = motion.root_position[:, 2]
    facts = {
        "name": motion.name,
        "source": motion.source or UNKNOWN,
        "licence": motion.licence or UNKNOWN,
        "frames": f"{len(motion)}, {1 / motion.dt:.4g} per second, {motion.duration:.4g} s",
        "cyclic": "yes" if motion.cyclic else "no",
        "root": f"{speed:.3g} m/s, height {heights.min():.3f} to {heights.max():.3f} m",
        "bodies": str(len(motion.body_names)),
    }
    for column, name in enumerate(motion.contact_names):
        facts[f"contact of {name}"] = f"{motion.contacts[:, column].mean():.0%} of the time"
    width = max(map(len, facts))
    lines = [f"{name:<{width}}  {value}" for name, value in facts.items()]
    return "\n".join([*lines, "", *_joint_rows(motion)])


def describe_fit(motion: "Motion", bound: "BoundMotion") -> str:
    """Return the differences between a motion and its model."""
    depth = bound.bodies.penetration
    lines = [f"deepest in the ground: {1000 * depth.max():.1f} mm, in frame {int(depth.argmax())}"]
    differences = pose_differences(motion, bound.model, bound.bodies)
    if differences:
        far = max(differences, key=lambda name: differences[name][0])
        turned = max(differences, key=lambda name: differences[name][1])
        lines.append(f"farthest from the recorded bodies: {far}, {1000 * differences[far][0]:.1f} mm")
        lines.append(
            f"most turned from the recorded bodies: {turned}, {np.rad2deg(differences[turned][1]):.1f} degrees"
        )
    return "\n".join(["", *lines])


def _joint_rows(motion: "Motion") -> list[str]:
    width = max([len(name) for name in motion.joint_names] + [len("joint")])
    rows = [f"{'joint':<{width}}  {'least':>8}  {'most':>8}  {'speed':>8}"]
    for column, name in enumerate(motion.joint_names):
        positions, velocities = motion.joint_positions[:, column], motion.joint_velocities[:, column]
        rows.append(
            f"{name:<{width}}  {positions.min():8.3f}  {positions.max():8.3f}  {np.abs(velocities).max():8.3f}"
        )
    return rows
