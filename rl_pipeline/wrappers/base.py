"""The base of all vector wrappers: state that survives a kill, and resets of single environments."""

from abc import abstractmethod
from typing import Any

import numpy as np
from gymnasium.vector import VectorWrapper
from numpy.typing import NDArray


class StatefulWrapper(VectorWrapper):
    """A vector wrapper whose own state can be saved and restored.

    The state does not include that of the wrapped environment. It is plain data: None, bool, int, float, str,
    lists, dicts with str keys and numpy arrays.
    """

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """Return this wrapper's own state as plain data."""

    @abstractmethod
    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a state that `state_dict` returned."""

    def reset_mask(self, options: dict[str, Any] | None) -> NDArray[np.bool_]:
        """Return which environments a `reset` with these options resets, shape (num_envs,).

        All of them, unless `options["reset_mask"]` says otherwise, as in `gymnasium.vector.VectorEnv`. Read
        it before passing the options on, for Gymnasium's environments remove the mask from the dict.
        """
        mask = (options or {}).get("reset_mask")
        return np.ones(self.num_envs, dtype=bool) if mask is None else np.array(mask, dtype=bool)


def finished(terminated: NDArray[np.bool_], truncated: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which environments' episodes ended in a step, shape (num_envs,)."""
    return np.logical_or(terminated, truncated)
