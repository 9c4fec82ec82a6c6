"""Comparison of a robot's description with a policy, before the robot moves."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.config.deploy import KEY, Deploy, RobotCommand, RobotObservation
from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.deploy.control import CommandMap
from rl_pipeline.deploy.safety import CommandLimits, ObservationLimits
from rl_pipeline.policies.observations import PLAIN
from rl_pipeline.policies.spec import PolicySpec, Signal, Signals, describe_signals, signals_fit

TOLERANCE = 1e-6


@dataclass(frozen=True)
class Numbers:
    """Corresponding numbers of a message and of a policy.

    Attributes:
        where: Their key in the configuration.
        names: The policy's names of the numbers or of their joints; empty if it has none.
        units: The policy's units; empty if it has none.
    """

    where: str
    names: tuple[str, ...]
    units: tuple[str, ...]


def command_map(
    deploy: Deploy, spec: PolicySpec, sizes: Sequence[int], joints: Sequence[str] = ()
) -> CommandMap:
    """Return the conversion of a policy's actions to commands of a robot.

    Args:
        deploy: The description of the robot.
        spec: The policy.
        sizes: Number of values in each field of `commands`.
        joints: The joint that each number of an action drives; by default, the names of the numbers are compared.

    Raises:
        ConfigError: They do not fit.
    """
    fields, total = deploy.commands, int(np.prod(spec.action.shape))
    if sum(sizes) != total:
        message = f"have {sum(sizes)} numbers, but the policy outputs {total}{_listed(spec.action.names)}"
        raise ConfigError([Problem(f"{KEY}.commands", message)])

    def numbers(attribute: str, default: float = 0.0) -> NDArray[np.float64]:
        values = [getattr(one, attribute) for one in fields]
        return np.repeat([default if value is None else float(value) for value in values], sizes)

    scale, low, high = numbers("scale", 1.0), numbers("low"), numbers("high")
    problems = list(_command_problems(fields, sizes, spec.action, tuple(joints) or spec.action.names))
    damping = deploy.safety.damping
    if damping is not None and len(damping.velocities) != total:
        message = f"names {len(damping.velocities)} velocities for {total} commands"
        problems.append(Problem(f"{KEY}.safety.damping.velocities", message))
    if problems:
        raise ConfigError(problems)
    limits = CommandLimits(low, high, numbers("max_change", np.inf), spec.action.names)
    velocities = np.array(damping.velocities if damping else [], np.intp)
    return CommandMap(scale, numbers("safe"), limits, (damping.gain if damping else 0.0, velocities))


def _command_problems(
    fields: Sequence[RobotCommand], sizes: Sequence[int], action: Signal, joints: tuple[str, ...]
) -> Iterator[Problem]:
    smallest = np.asarray(action.low, np.float64).ravel()
    largest = np.asarray(action.high, np.float64).ravel()
    for index, (field, part) in enumerate(zip(fields, _parts(sizes), strict=True)):
        numbers = Numbers(f"{KEY}.commands.{index}", joints[part], action.units[part])
        yield from _identity_problems(numbers, field.joints, field.unit)
        if not field.low <= field.safe <= field.high:
            bounds = f"[{field.low:g}, {field.high:g}]"
            yield Problem(f"{numbers.where}.safe", f"is outside of [low, high] = {bounds}", field.safe)
        low, high = np.sort([smallest[part] * field.scale, largest[part] * field.scale], axis=0)
        margin = TOLERANCE * (field.high - field.low)
        if (field.low < low - margin).any() or (field.high > high + margin).any():
            trained, allowed = f"[{low.min():g}, {high.max():g}]", f"[{field.low:g}, {field.high:g}]"
            message = f"allows {allowed}, but the policy's actions, scaled, are within {trained}"
            remedy = (
                "correct low, high or scale; narrower limits are allowed, and stop the policy beyond them"
            )
            yield Problem(numbers.where, message, field.field, remedy=remedy)


def _identity_problems(numbers: Numbers, joints: Sequence[str], unit: str | None) -> Iterator[Problem]:
    """Find joints and units that differ from those of the policy, if both are known."""
    for joint, name in zip(joints, numbers.names, strict=False):
        if not re.search(rf"(?<![A-Za-z0-9_]){re.escape(joint)}(?![A-Za-z0-9_])", name):
            message = f"joint '{joint}' is at the position of the policy's '{name}'"
            remedy = f"list the joints in the order of the policy: {', '.join(numbers.names)}"
            yield Problem(f"{numbers.where}.joints", message, remedy=remedy)
            return
    different = [known for known in numbers.units if unit is not None and known and known != unit]
    if different:
        message = f"is '{unit}', but the policy was trained with '{different[0]}'"
        yield Problem(f"{numbers.where}.unit", message, remedy="set scale, which converts it")


def observation_limits(
    deploy: Deploy, spec: PolicySpec, signals: Signals, sizes: Sequence[int]
) -> ObservationLimits:
    """Return the limits of a robot's observations.

    Args:
        deploy: The description of the robot.
        spec: The policy.
        signals: The first observation.
        sizes: Number of values in each field of `observations`.

    Raises:
        ConfigError: The robot's observations differ from those that the policy needs.
    """
    if not signals_fit(spec.observation, signals):
        expected, found = describe_signals(spec.observation), describe_signals(signals)
        listed = _listed(spec.observation.names) if isinstance(spec.observation, Signal) else ""
        message = f"give {found}, but the policy needs {expected}{listed}"
        raise ConfigError([Problem(f"{KEY}.observations", message)])
    parts = {PLAIN: spec.observation} if isinstance(spec.observation, Signal) else spec.observation
    fields_of: dict[str, list[_SizedField]] = {}
    for index, (field, size) in enumerate(zip(deploy.observed, sizes, strict=True)):
        part = PLAIN if isinstance(spec.observation, Signal) else field.part
        fields_of.setdefault(part, []).append(_SizedField(index, size, field))
    problems = [
        one for part, fields in fields_of.items() for one in _observation_problems(fields, parts[part])
    ]
    if problems:
        raise ConfigError(problems)
    return ObservationLimits(spec.observation, {part: _bounds(fields) for part, fields in fields_of.items()})


@dataclass(frozen=True)
class _SizedField:
    """A field of `observations`: its position in the list, its size, and its settings."""

    index: int
    size: int
    settings: RobotObservation


def _bounds(fields: Sequence[_SizedField]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the values below and above which numbers of a part stop the policy."""
    below = [-np.inf if one.settings.stop_below is None else one.settings.stop_below for one in fields]
    above = [np.inf if one.settings.stop_above is None else one.settings.stop_above for one in fields]
    sizes = [one.size for one in fields]
    return np.repeat(below, sizes), np.repeat(above, sizes)


def _observation_problems(fields: Sequence[_SizedField], signal: Signal) -> Iterator[Problem]:
    for field, numbers in zip(fields, _parts([one.size for one in fields]), strict=True):
        names, units = signal.names[numbers], signal.units[numbers]
        known = Numbers(f"{KEY}.observations.{field.index}", names, units)
        yield from _identity_problems(known, field.settings.joints, field.settings.unit)


def _parts(sizes: Sequence[int]) -> Iterator[slice]:
    """Yield the positions of each field's numbers among all numbers."""
    start = 0
    for size in sizes:
        yield slice(start, start + size)
        start += size


def _listed(names: Sequence[str]) -> str:
    return f": {', '.join(names)}" if names else ""
