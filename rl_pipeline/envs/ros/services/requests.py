"""Checks of requests to a simulation: requests that are old, of a wrong size, or not valid are refused."""

from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector import VectorEnv

MAX_ENVIRONMENTS = 2**16
"""Environments of a session."""


class RequestError(ValueError):
    """Raised when a request is refused before it has any effect; the message says why."""


def check_num_envs(num_envs: int) -> None:
    """Refuse a number of environments that can only be a mistake.

    Raises:
        RequestError: The number is too large.
    """
    if num_envs > MAX_ENVIRONMENTS:
        raise RequestError(f"num_envs is {num_envs}; it must be at most {MAX_ENVIRONMENTS}")


def is_repeated(sequence: int, latest: int | None, answer: object, response: object) -> bool:
    """Return whether a request repeats the latest one, so that its answer is repeated.

    Args:
        sequence: Number of the request.
        latest: Number of the latest executed request; None for none.
        answer: The answer to that request.
        response: The response to this request.

    Raises:
        RequestError: The request is older, or another kind of request had its number.
    """
    if latest is None or sequence > latest:
        return False
    if sequence < latest:
        raise RequestError(
            f"sequence is {sequence}, but request {latest} was already executed; use increasing numbers "
            "(a restarted client opens a session under another name)"
        )
    if type(answer) is not type(response):
        raise RequestError(
            f"sequence {sequence} was the number of another service's request; use the next number"
        )
    return True


def read_actions(data: Any, env: VectorEnv, n_numbers: int) -> np.ndarray:
    """Return the actions of a step request, (num_envs, *action shape).

    Args:
        data: The received numbers, float64.
        env: The environments.
        n_numbers: Numbers in an action.

    Raises:
        RequestError: The number of actions is wrong, or one is not finite or not an action of a discrete space.
    """
    numbers = np.frombuffer(data, np.float64)
    expected = env.num_envs * n_numbers
    if len(numbers) != expected:
        raise RequestError(f"{len(numbers)} numbers in actions, {env.num_envs} environments need {expected}")
    shape = env.action_space.shape or (-1,)
    with np.errstate(all="ignore"):
        actions = numbers.reshape(shape).astype(env.action_space.dtype)
    is_real = isinstance(env.single_action_space, spaces.Box) and np.issubdtype(actions.dtype, np.floating)
    valid = np.isfinite(actions) if is_real else actions == numbers.reshape(shape)
    if not valid.all():
        index = int(np.argmin(valid.reshape(env.num_envs, -1).all(axis=1)))
        values = numbers.reshape(env.num_envs, -1)[index].tolist()
        need = "finite numbers" if is_real else "integers"
        raise RequestError(f"actions of environment {index} are {values[:10]}; they must be {need}")
    if not is_real and not env.action_space.contains(actions):
        index = next(i for i, action in enumerate(actions) if not env.single_action_space.contains(action))
        raise RequestError(
            f"actions of environment {index} are {np.ravel(actions[index]).tolist()[:10]}; valid is "
            f"{env.single_action_space}"
        )
    return actions


def read_reset(seeds: Any, mask: Any, num_envs: int) -> tuple[list[int] | None, dict[str, object] | None]:
    """Return seeds and options of a reset request, for `VectorEnv.reset`.

    Raises:
        RequestError: The number of seeds or flags is wrong, a seed is negative, or no environment is marked.
    """
    given = [int(seed) for seed in seeds]
    if given and len(given) != num_envs:
        raise RequestError(f"{len(given)} seeds for {num_envs} environments; send none, or one for each")
    if any(seed < 0 for seed in given):
        raise RequestError(f"seeds are {given[:10]}; they must be non-negative integers")
    marked = np.frombuffer(mask, np.uint8)
    if len(marked) and len(marked) != num_envs:
        raise RequestError(
            f"{len(marked)} flags in mask for {num_envs} environments; send none, or one for each"
        )
    if (marked > 1).any():
        raise RequestError(f"mask is {marked.tolist()[:10]}; its flags must be 0 or 1")
    if len(marked) and not marked.any():
        raise RequestError("mask marks no environment; send none to reset all")
    return given or None, {"reset_mask": marked.astype(np.bool_)} if len(marked) else None
