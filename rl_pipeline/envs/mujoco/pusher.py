"""Horizontal forces that push robots at random times."""

from collections.abc import Sequence

import numpy as np

from rl_pipeline.envs.mujoco.model_parameters import named_indices
from rl_pipeline.envs.mujoco.randomization import Pushes
from rl_pipeline.envs.mujoco.simulations import Simulations
from rl_pipeline.plain_data import StateDict

FIRST_BODY = 1


class Pusher:
    """Pushes one body of each simulation at random times, in random directions."""

    def __init__(self, config: Pushes, simulations: Simulations) -> None:
        key = "environment.randomization.pushes.body"
        names = [config.body] if config.body else None
        self._body = int(named_indices(simulations.model, "body", names, key)[0]) if names else FIRST_BODY
        self._config = config
        self._forces = simulations.xfrc_applied
        self._until_push = np.zeros(simulations.n, np.int64)
        self._remaining = np.zeros(simulations.n, np.int64)

    def draw(self, i: int, rng: np.random.Generator) -> None:
        """Draw the time of simulation `i`'s first push; a push of its last episode ends with the reset."""
        self._until_push[i] = self._interval(rng)
        self._remaining[i] = 0

    def push(self, rngs: Sequence[np.random.Generator]) -> None:
        """Start and end the pushes that are due in this environment step."""
        self._until_push -= 1
        self._remaining -= 1
        self._forces[self._remaining == 0, self._body] = 0.0
        for i in np.flatnonzero(self._until_push == 0).tolist():
            angle = rngs[i].uniform(0.0, 2.0 * np.pi)
            low, high = self._config.force
            force = rngs[i].uniform(low, high)
            self._forces[i, self._body, :2] = force * np.cos(angle), force * np.sin(angle)
            self._remaining[i] = self._config.duration
            self._until_push[i] = self._interval(rngs[i])

    def state_dict(self) -> StateDict:
        """Return the start and end times of pushes; the forces belong to the simulations' state."""
        return {"until_push": self._until_push.copy(), "remaining": self._remaining.copy()}

    def load_state_dict(self, state: StateDict) -> None:
        """Restore a state of `state_dict`."""
        self._until_push[:], self._remaining[:] = state["until_push"], state["remaining"]

    def _interval(self, rng: np.random.Generator) -> int:
        shortest, longest = self._config.interval
        return int(rng.integers(shortest, longest, endpoint=True))
