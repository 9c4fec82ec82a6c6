"""Saves and restores one `gymnasium.Env` with its wrappers, so that it continues bit-exactly.

What can be saved exactly: Python attributes that are numbers, strings, NumPy arrays, random generators, and lists,
tuples, sets, deques, dicts and plain objects of those; MuJoCo simulations with the physical parameters of their
models. What cannot is code in other languages that keeps a state of its own, such as a Box2D world; an environment
with such an attribute is *inexact*: restoring it starts a new episode with a seed that follows from its saved random
generator. An environment may do better with its own `state_dict()` and `load_state_dict(state)`.

Only attributes are seen: what an environment keeps in globals, in closures or in other processes is not.
"""

import zlib
from typing import Any, NamedTuple

import gymnasium
import numpy as np
from gymnasium import Space

from rl_pipeline.envs.errors import CannotRestoreError
from rl_pipeline.envs.gymnasium.state_decoding import Decoder
from rl_pipeline.envs.gymnasium.state_encoding import Encoder
from rl_pipeline.plain_data import StateDict


class Restoration(NamedTuple):
    """What became of an environment that was restored."""

    inexact: list[str]
    """Names of what is not exact; empty when the environment continues bit-exactly."""
    observation: Any = None
    """First observation of the new episode of an environment that is not exact."""


def capture(env: gymnasium.Env) -> StateDict:
    """Return the state of an environment and its wrappers as plain data.

    Returns:
        `exact`: whether all of it could be saved; `inexact`: names of the attributes that could not;
        `seed`: for the new episode of an inexact environment; `environment`: the state itself, of an inexact
        environment that of its wrappers.
    """
    encoder = Encoder()
    node = encoder.encode(env, "")
    if encoder.lost:
        node = Encoder(static=(env.unwrapped,)).encode(env, "")
    return {
        "exact": not encoder.lost,
        "inexact": sorted(encoder.lost),
        "seed": _seed_from_generator(env),
        "environment": node,
    }


def restore(env: gymnasium.Env, state: StateDict) -> Restoration:
    """Restore what `capture` returned into an environment that was made in the same way.

    An environment that cannot be restored exactly is reset with `state["seed"]`; its wrappers are restored.
    """
    inexact = list(state["inexact"])
    try:
        Decoder().decode(state["environment"], env)
    except CannotRestoreError as error:
        inexact.append(f"{type(env.unwrapped).__name__} ({error})")
    if not inexact:
        return Restoration([])
    observation, _ = env.reset(seed=state["seed"])
    return Restoration(inexact, observation)


def capture_random_state(space: Space) -> Any:
    """Return the state of a space's random generators, and of those of its parts, as plain data."""
    return Encoder().encode(space, "")


def restore_random_state(space: Space, state: object) -> None:
    """Restore what `capture_random_state` returned."""
    Decoder().decode(state, space)


def _seed_from_generator(env: gymnasium.Env) -> int:
    generator = env.unwrapped._np_random
    if not isinstance(generator, np.random.Generator):
        return 0
    return zlib.crc32(repr(generator.bit_generator.state).encode())
