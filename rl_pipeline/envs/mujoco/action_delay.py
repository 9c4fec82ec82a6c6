"""Actions with a delay of some environment steps."""

import numpy as np

from rl_pipeline.envs.mujoco.randomization import LatencyRandomization
from rl_pipeline.plain_data import StateDict


class ActionDelay:
    """Delays the actions of each simulation by a number of steps that is drawn for each episode."""

    def __init__(self, config: LatencyRandomization, n: int, action_shape: tuple[int, ...]) -> None:
        self._limits = config.steps
        self._delays = np.zeros(n, np.int64)
        self._simulations = np.arange(n)
        self._size = config.steps[1] + 1
        self._history = np.zeros((self._size, n, *action_shape), np.float32)
        self._step = 0

    def draw(self, i: int, rng: np.random.Generator) -> None:
        """Draw the delay of simulation `i` and clear its actions; zeros arrive until its first action does."""
        self._delays[i] = rng.integers(self._limits[0], self._limits[1], endpoint=True)
        self._history[:, i] = 0

    def exchange(self, actions: np.ndarray) -> np.ndarray:
        """Add the newest actions, (n, size of the action), and return those that arrive now."""
        self._step = (self._step + 1) % self._size
        self._history[self._step] = actions
        return self._history[self._step - self._delays, self._simulations]

    def state_dict(self) -> StateDict:
        """Return delays and pending actions."""
        return {"delays": self._delays.copy(), "history": self._history.copy(), "step": self._step}

    def load_state_dict(self, state: StateDict) -> None:
        """Restore a state of `state_dict`."""
        self._delays[:], self._history[:] = state["delays"], state["history"]
        self._step = int(state["step"])
