"""The numbers of a gait evaluation."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rl_pipeline.datasets.gait_cycle import Panel
from rl_pipeline.run.gait.panels import Gait
from rl_pipeline.run.gait.recording import Walk

STANCE = 2.0
"""Force in % of the body weight above which a foot is on the ground."""


def gait_numbers(gait: Gait, panels: Sequence[Sequence[Panel]]) -> dict[str, Any]:
    """Return the results of the walks of one motion: means over the walks, errors by joint, and the walks."""
    walks = gait.walks
    motion = gait.reference.motions[gait.motion]
    return {
        "n_walks": len(walks),
        "stable_walks": sum(walk.stable for walk in walks),
        "n_strides": max(curve.n_strides for panel in panels[0] for curve in panel.curves.values()),
        "mean_distance": _mean(walks, "distance"),
        "min_distance": min(walk.distance for walk in walks),
        "mean_speed": _mean(walks, "speed"),
        "reference_speed": float(gait.reference.speed[gait.motion]),
        "mean_seconds": _mean(walks, "seconds"),
        "error_joints": _mean(walks, "error_joints"),
        "error_bodies": _mean(walks, "error_bodies"),
        "error_of_joints": {
            name: float(np.sqrt(np.mean(np.square(curve.mean - curve.reference))))
            for panel in _of(panels, "angle")
            for name, curve in panel.curves.items()
            if curve.reference is not None and np.isfinite(curve.mean).all()
        },
        "stance": {
            name: float((curve.mean > STANCE).mean())
            for panel in _of(panels, "force")
            if panel.title.endswith("vertical")
            for name, curve in panel.curves.items()
            if np.isfinite(curve.mean).all()
        },
        "reference_stance": {
            name: float(motion.contacts[:-1, motion.contact_names.index(name)].mean()) for name in gait.feet
        },
        "walks": [
            {
                "phase": walk.phase,
                "distance": walk.distance,
                "speed": walk.speed,
                "seconds": walk.seconds,
                "stable": walk.stable,
                "error_joints": walk.error_joints,
                "error_bodies": walk.error_bodies,
            }
            for walk in walks
        ],
    }


def _mean(walks: Sequence[Walk], name: str) -> float:
    return float(np.mean([getattr(walk, name) for walk in walks]))


def _of(panels: Sequence[Sequence[Panel]], quantity: str) -> list[Panel]:
    return [panel for row in panels for panel in row if panel.quantity == quantity]
