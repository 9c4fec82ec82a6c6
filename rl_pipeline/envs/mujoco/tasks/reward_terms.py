"""Rewards for following a motion, as data: terms with a name, an error, a weight and a scale.

Sources of the presets: DeepMimic (Peng et al., 2018), DRLoco (Galljamov, 2020), `comic` of dm_control's tracking
tasks (Hasenclever et al., 2020), and the tracking rewards of BeyondMimic (Liao et al., 2025) as mjlab has them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from rl_pipeline.config.errors import ConfigError, Problem, nearest
from rl_pipeline.config.section import Section, Text
from rl_pipeline.config.translation import validate
from rl_pipeline.datasets.roots import ROOT
from rl_pipeline.envs.mujoco.tasks.reference import Comparison

Array = NDArray[np.float64]
Selected = NDArray[np.intp]

REWARD = "environment.kwargs.reward"

ErrorName = Literal[
    "alive",
    "action_rate",
    "effort",
    "joint_limits",
    "joints",
    "joint_velocities",
    "pose",
    "root_position",
    "root_orientation",
    "body_positions",
    "relative_positions",
    "body_orientations",
    "body_linear_velocities",
    "body_angular_velocities",
    "centre_of_mass",
]


class RewardTerm(Section):
    """One term of a reward."""

    name: Text
    """Name of the term; in logs, `reward_<name>`."""
    error: ErrorName
    """The error: a difference from the reference, or of an action."""
    weight: float
    """Its weight; negative for penalties."""
    scale: float = Field(default=1.0, ge=0)
    """Rate at which the term falls."""
    kernel: Literal["exponential", "linear", "plain"] = "exponential"
    """exp(-scale * error), 1 - scale * error, or the error itself."""
    reduce: Literal["sum", "mean"] = "sum"
    """Reduction of the squared errors of several joints or bodies to one."""
    of: list[Text] = Field(default_factory=list)
    """Names of joints or bodies; empty for all of them."""

    @property
    def selects(self) -> Literal["joints", "bodies", "nothing"]:
        """Kind of the term's names."""
        if self.error in ("joints", "joint_velocities"):
            return "joints"
        return "bodies" if self.error.startswith(("body_", "relative_")) else "nothing"


def _squares(differences: Array) -> Array:
    """Return squared lengths of differences, one for each joint or body."""
    return np.square(differences) if differences.ndim < 3 else np.square(differences).sum(axis=2)


def _pose(comparison: Comparison, selected: Selected) -> Array:
    """Return the error by which dm_control's tracking task ends episodes; not squared."""
    bodies = np.abs(comparison.body_positions[:, ROOT:]).mean(axis=(1, 2))
    return (0.5 * bodies + 0.5 * np.abs(comparison.joints).mean(axis=1))[:, np.newaxis]


ERRORS: dict[str, Callable[[Comparison, Selected], Array]] = {
    "alive": lambda comparison, of: np.ones((comparison.batch.n, 1)),
    "joints": lambda comparison, of: _squares(comparison.joints[:, of]),
    "joint_velocities": lambda comparison, of: _squares(comparison.joint_velocities[:, of]),
    "pose": _pose,
    "root_position": lambda comparison, of: _squares(comparison.body_positions[:, [ROOT]]),
    "root_orientation": lambda comparison, of: _squares(comparison.body_orientations[:, [ROOT]]),
    "body_positions": lambda comparison, of: _squares(comparison.body_positions[:, of]),
    "relative_positions": lambda comparison, of: _squares(comparison.relative_positions[:, of]),
    "body_orientations": lambda comparison, of: _squares(comparison.body_orientations[:, of]),
    "body_linear_velocities": lambda comparison, of: _squares(comparison.body_linear_velocities[:, of]),
    "body_angular_velocities": lambda comparison, of: _squares(comparison.body_angular_velocities[:, of]),
    "centre_of_mass": lambda comparison, of: _squares(comparison.centre_of_mass),
}
"""Squared errors, (n, k), of a term's joints or bodies; the task computes those of actions and limits."""


def evaluate(term: RewardTerm, errors: Array) -> Array:
    """Return the weighted value of a term, (n,), for its errors, (n, k)."""
    error = errors.sum(axis=1) if term.reduce == "sum" else errors.mean(axis=1)
    if term.kernel == "exponential":
        return term.weight * np.exp(-term.scale * error)
    return term.weight * (1.0 - term.scale * error if term.kernel == "linear" else error)


def _tracking(name: str, error: ErrorName, weight: float, sigma: float) -> RewardTerm:
    return RewardTerm(name=name, error=error, weight=weight, scale=1 / sigma**2, reduce="mean")


PRESETS: dict[str, tuple[RewardTerm, ...]] = {
    "deepmimic": (
        RewardTerm(name="pose", error="body_orientations", weight=0.65, scale=2.0),
        RewardTerm(name="velocity", error="joint_velocities", weight=0.1, scale=0.1),
        RewardTerm(name="bodies", error="relative_positions", weight=0.15, scale=40.0, reduce="mean"),
        RewardTerm(name="com", error="centre_of_mass", weight=0.1, scale=10.0),
    ),
    "drloco": (
        RewardTerm(name="pose", error="joints", weight=0.8, scale=3.0),
        RewardTerm(name="velocity", error="joint_velocities", weight=0.2, scale=0.05),
        RewardTerm(name="alive", error="alive", weight=0.2, kernel="plain"),
    ),
    "comic": (
        RewardTerm(name="pose", error="pose", weight=0.5, scale=1 / 0.3, kernel="linear"),
        RewardTerm(name="com", error="centre_of_mass", weight=0.05, scale=10.0),
        RewardTerm(name="velocity", error="joint_velocities", weight=0.5, scale=0.1),
        RewardTerm(name="bodies", error="relative_positions", weight=0.075, scale=40.0, reduce="mean"),
        RewardTerm(name="orientation", error="body_orientations", weight=0.325, scale=2.0),
    ),
    "tracking": (
        _tracking("root_position", "root_position", 0.5, 0.3),
        _tracking("root_orientation", "root_orientation", 0.5, 0.4),
        _tracking("bodies", "relative_positions", 1.0, 0.3),
        _tracking("orientation", "body_orientations", 1.0, 0.4),
        _tracking("linear_velocity", "body_linear_velocities", 1.0, 1.0),
        _tracking("angular_velocity", "body_angular_velocities", 1.0, 3.14),
        RewardTerm(name="action_rate", error="action_rate", weight=-0.1, kernel="plain"),
        RewardTerm(name="joint_limits", error="joint_limits", weight=-10.0, kernel="plain"),
    ),
}


def terms_of(reward: str | Sequence[Mapping[str, Any]]) -> tuple[RewardTerm, ...]:
    """Return the terms that `environment.kwargs.reward` names: those of a preset, or a list of them.

    Raises:
        ConfigError: The preset does not exist, or a term is wrong.
    """
    key = REWARD
    if isinstance(reward, str):
        if reward not in PRESETS:
            problem = Problem(key, "is not a preset", reward, sorted(PRESETS), nearest(reward, PRESETS))
            raise ConfigError([problem])
        return PRESETS[reward]
    terms, problems = [], []
    for number, mapping in enumerate(reward):
        term, found = validate(RewardTerm, mapping)
        problems += [
            Problem(f"{key}.{number}.{each.key}", each.message, each.value, each.valid, each.nearest)
            for each in found
        ]
        if term is not None:
            terms.append(term)
    if problems:
        raise ConfigError(problems)
    return tuple(terms)


def selection(term: RewardTerm, joints: Sequence[str], bodies: Sequence[str]) -> Selected:
    """Return the columns of a term's joints, or the indices of its bodies.

    Raises:
        ConfigError: The term names a joint or body that does not exist.
    """
    names, first = (bodies, ROOT) if term.selects == "bodies" else (joints, 0)
    for name in term.of:
        if term.selects == "nothing" or name not in names:
            valid = () if term.selects == "nothing" else tuple(names)
            message = f"the term {term.name} names an unknown joint or body"
            raise ConfigError([Problem(REWARD, message, name, valid, nearest(name, valid))])
    return np.array([names.index(name) + first for name in term.of or names], np.intp)
