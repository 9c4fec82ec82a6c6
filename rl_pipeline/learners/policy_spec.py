"""Spec of a trained policy for acting outside of its training: spaces as signals, wrappers as transforms."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector import VectorEnv

from rl_pipeline.config.environment import Environment
from rl_pipeline.envs.contract import Interface, base_env
from rl_pipeline.policies.loading import LEARNER
from rl_pipeline.policies.observations import PLAIN
from rl_pipeline.policies.spec import TRANSFORMS, PolicySpec, Signal, Signals, read_normalize
from rl_pipeline.policies.transforms import Normalize, Transform
from rl_pipeline.wrappers.build import iterate_wrappers

NOTHING_MORE = Interface()


def describe_policy(env: VectorEnv) -> PolicySpec:
    """Describe the policy that is trained in an environment.

    Args:
        env: The environment with its wrappers.

    Raises:
        TypeError: A space does not consist of arrays.
    """
    base = base_env(env)
    interface = base.interface
    transforms, unknown = _transforms(env)
    return PolicySpec(
        LEARNER,
        signals_of(base.single_observation_space, interface),
        signals_of(env.single_observation_space),
        _signal(base.single_action_space, interface.action_names, interface.action_units),
        interface.rate,
        transforms,
        unknown,
    )


def describe_older_policy(
    environment: Environment,
    observation_space: spaces.Space[Any],
    action_space: spaces.Space[Any],
    folder: Path,
) -> PolicySpec:
    """Describe a policy of version 0.1.0, whose checkpoint has no spec, for given spaces.

    Args:
        environment: The section of its run's configuration.
        observation_space: Observation space of one environment, without wrappers.
        action_space: Action space of one environment.
        folder: Folder of its checkpoint.

    Raises:
        PolicyFileError: `normalizer.npz` is missing or damaged.
    """
    observation = signals_of(observation_space)
    action = _signal(action_space)
    unknown = tuple(wrapper.name for wrapper in environment.wrappers)
    settings = environment.normalize
    if not settings.observation:
        return PolicySpec(LEARNER, observation, observation, action, unknown=unknown)
    normalize = read_normalize(folder, settings.clip_observation, settings.epsilon)
    parts = {key: _normalized(mean.shape, normalize.clip) for key, mean in normalize.mean.items()}
    inputs = observation | parts if isinstance(observation, dict) else parts[PLAIN]
    return PolicySpec(LEARNER, observation, inputs, action, transforms=(normalize,), unknown=unknown)


def _normalized(shape: tuple[int, ...], clip: float) -> Signal:
    high = np.full(shape, clip, np.float32)
    return Signal("box", shape, "float32", -high, high)


def _transforms(env: VectorEnv) -> tuple[tuple[Transform, ...], tuple[str, ...]]:
    """Return the transforms, the innermost first, and the wrappers without a transform."""
    transforms: list[Transform] = []
    unknown = []
    for layer in reversed([layer for layer in iterate_wrappers(env) if layer is not env.unwrapped]):
        tell = getattr(type(layer), "policy_transform", None)  # the instance would ask what it wraps
        transform = tell(layer) if tell else None
        if tell is None or (transform is not None and not _can_be_saved(transform, transforms)):
            unknown.append(type(layer).__name__)
        elif transform is not None:
            transforms.append(transform)
    return tuple(transforms), tuple(unknown)


def _can_be_saved(transform: Transform, others: Sequence[Transform]) -> bool:
    """Whether a spec can contain a transform; a checkpoint stores the statistics of only one normaliser."""
    is_second = isinstance(transform, Normalize) and any(isinstance(one, Normalize) for one in others)
    return type(transform) in TRANSFORMS and not is_second


def signals_of(space: spaces.Space[Any], interface: Interface = NOTHING_MORE) -> Signals:
    """Describe the arrays of an observation space or an action space, with known names.

    Raises:
        TypeError: Its values are not arrays.
    """
    if not isinstance(space, spaces.Dict):
        return _observed(space, PLAIN, interface)
    return {key: _observed(part, key, interface) for key, part in space.spaces.items()}


def _observed(space: spaces.Space[Any], key: str, interface: Interface) -> Signal:
    names = interface.observation_names.get(key, ())
    units = tuple(interface.units.get(name, "") for name in names) if interface.units else ()
    return _signal(space, names, units)


def _signal(space: spaces.Space[Any], names: tuple[str, ...] = (), units: tuple[str, ...] = ()) -> Signal:
    match space:
        case spaces.Box():
            return Signal("box", space.shape, space.dtype.name, space.low, space.high, names, units)
        case spaces.Discrete():
            first = np.asarray(space.start)
            return Signal("discrete", (), space.dtype.name, first, first + space.n - 1, names, units)
        case spaces.MultiDiscrete():
            last = space.start + space.nvec - 1
            return Signal("multi_discrete", space.shape, space.dtype.name, space.start, last, names, units)
        case spaces.MultiBinary():
            low, high = np.zeros(space.shape, np.int8), np.ones(space.shape, np.int8)
            return Signal("multi_binary", space.shape, space.dtype.name, low, high, names, units)
    raise TypeError(f"a policy cannot be described for the space {space}: its values are not arrays")


def space_of(signals: Signals) -> spaces.Space[Any]:
    """Return the space that signals describe."""
    if isinstance(signals, dict):
        return spaces.Dict([(key, space_of(signal)) for key, signal in signals.items()])  # in this order
    dtype = np.dtype(signals.dtype).type
    match signals.kind:
        case "box":
            return spaces.Box(signals.low, signals.high, signals.shape, dtype)
        case "discrete":
            n = int(signals.high) - int(signals.low) + 1
            return spaces.Discrete(n, start=int(signals.low))
        case "multi_discrete":
            choices = np.asarray(signals.high) - signals.low + 1
            return spaces.MultiDiscrete(choices, dtype=dtype, start=signals.low)
        case "multi_binary":
            return spaces.MultiBinary(signals.shape[0] if len(signals.shape) == 1 else signals.shape)
