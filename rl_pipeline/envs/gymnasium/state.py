"""Saving and restoring of one `gymnasium.Env` with its wrappers, so that it continues bit-exactly.

These can be saved exactly: Python attributes that are numbers, strings, NumPy arrays, random generators, and lists,
tuples, sets, deques, dicts and plain objects of those; MuJoCo simulations with the physical parameters of their
models. Objects of other languages with their own state, such as a Box2D world, cannot be saved. An environment with
such an attribute is *inexact*: restoring it starts a new episode with a seed from its saved random generator. An
environment can provide its own `state_dict()` and `load_state_dict(state)` instead.

Only attributes are saved, not state in globals, closures or other processes.
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
    """Result of restoring an environment."""

    inexact: list[str]
    """Names of the inexact attributes; empty if the environment continues bit-exactly."""
    observation: Any = None
    """First observation of the new episode of an environment that is not exact."""


def capture(env: gymnasium.Env) -> StateDict:
    """Return the state of an environment and its wrappers as plain data.

    Returns:
        `exact`: whether the state is complete; `inexact`: names of the attributes that could not be saved;
        `seed`: seed of the new episode of an inexact environment; `environment`: the state, or only that of the
        wrappers of an inexact environment.
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
    """Restore the result of `capture` in an environment that was made in the same way.

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
    """Restore the result of `capture_random_state`."""
    Decoder().decode(state, space)


def _seed_from_generator(env: gymnasium.Env) -> int:
    generator = env.unwrapped._np_random
    if not isinstance(generator, np.random.Generator):
        return 0
    return zlib.crc32(repr(generator.bit_generator.state).encode())
