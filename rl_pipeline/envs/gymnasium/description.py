"""Properties shared by the environments of a batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gymnasium
from gymnasium import Space
from gymnasium.envs.registration import EnvSpec

from rl_pipeline.envs.contract import Interface
from rl_pipeline.envs.model_names import actuator_joints, actuator_names


@dataclass(frozen=True)
class GroupDescription:
    """Properties of a vector environment's sub-environments, which are the same for all of them."""

    name: str
    """Registered id, or the name of the class."""
    observation_space: Space
    action_space: Space
    metadata: dict[str, Any]
    render_mode: str | None
    spec: EnvSpec | None
    wrappers: frozenset[str]
    """`module.Class` of every wrapper of a sub-environment and of the wrappers' base classes."""
    interface: Interface


def describe(env: gymnasium.Env) -> GroupDescription:
    """Return the description of a whole batch, given one of its environments."""
    return GroupDescription(
        name=environment_name(env),
        observation_space=env.observation_space,
        action_space=env.action_space,
        metadata=dict(env.metadata),
        render_mode=env.render_mode,
        spec=env.spec,
        wrappers=_wrapper_names(env),
        interface=_interface(env.unwrapped),
    )


def _interface(env: gymnasium.Env) -> Interface:
    """Read the usual attributes of Gymnasium's environments: a period `dt` or `tau`, and a MuJoCo model."""
    periods = [getattr(env, name, None) for name in ("dt", "tau")]
    period = next((period for period in periods if isinstance(period, float) and period > 0), None)
    model = getattr(env, "model", None)
    rate = None if period is None else 1.0 / period
    if not hasattr(model, "actuator") or env.action_space.shape != (getattr(model, "nu", None),):
        return Interface(rate)
    return Interface(rate, action_names=actuator_names(model), joint_names=actuator_joints(model))


def check_alike(group: Sequence[gymnasium.Env] | Sequence[GroupDescription], indices: Sequence[int]) -> None:
    """Check that all environments have the spaces of the first.

    Args:
        group: environments, or descriptions of them.
        indices: their indices in the whole batch, for the message.

    Raises:
        ValueError: the environments differ in their spaces.
    """
    for index, member in zip(indices, group, strict=True):
        for attribute in ("observation_space", "action_space"):
            expected, found = getattr(group[0], attribute), getattr(member, attribute)
            if found != expected:
                raise ValueError(
                    f"environment {index} has {attribute} {found}, but environment {indices[0]} has {expected}; "
                    "environments of one batch need equal spaces"
                )


def environment_name(env: gymnasium.Env) -> str:
    """Return the registered id of an environment, or the name of its class."""
    return env.spec.id if env.spec is not None else type(env.unwrapped).__name__


def _wrapper_names(env: gymnasium.Env) -> frozenset[str]:
    names = set()
    while isinstance(env, gymnasium.Wrapper):
        names |= {f"{base.__module__}.{base.__qualname__}" for base in type(env).__mro__}
        env = env.env
    return frozenset(names)
