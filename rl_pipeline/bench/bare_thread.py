"""The limit that no environment library can exceed: bare physics."""

import time
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from rl_pipeline.config.environment import Environment
from rl_pipeline.envs.mujoco import make_mujoco_vector_env

Episode = tuple[NDArray[np.float64], NDArray[np.float64]]
"""The integration state that an episode starts from, and its controls."""
LEAST_STEPS = 500


class BareThread:
    """One thread that only writes controls and calls `mj_step`, through episodes that a task really ran.

    Args:
        environment: Id of a task of the batched backend.

    Raises:
        ConfigError: There is no such task.
    """

    def __init__(self, environment: str) -> None:
        self._batch: Any = make_mujoco_vector_env(Environment(id=environment, backend="mujoco"), 1)
        self._batch.reset(seed=0)
        self._batch.action_space.seed(0)
        self._states = self._batch.simulations.pool.bind("state")
        self._episodes: list[Episode] = [self._record()]
        while sum(len(controls) for _, controls in self._episodes) < LEAST_STEPS:
            self._episodes.append(self._record())
        self._frame_skip = self._batch.task.frame_skip
        # The model without the plugin for contact forces: the limit is physics alone.
        self._model = mujoco.MjModel.from_xml_path(str(self._batch.task.model))
        self._data = mujoco.MjData(self._model)

    def _record(self) -> Episode:
        start, done = self._states[0].copy(), False
        controls: list[NDArray[np.float64]] = []
        while not done and len(controls) < LEAST_STEPS:
            action = self._batch.action_space.sample()
            _, _, terminated, truncated, _ = self._batch.step(action)
            controls.append(action[0].astype(np.float64))
            done = bool(terminated[0] or truncated[0])
        return start, np.array(controls)

    def steps_per_second(self, seconds: float) -> float:
        """Measure for about so many seconds; what starts an episode is not counted."""
        steps, elapsed = 0, 0.0
        while elapsed < seconds:
            for start, controls in self._episodes:
                mujoco.mj_setState(self._model, self._data, start, mujoco.mjtState.mjSTATE_INTEGRATION)
                mujoco.mj_forward(self._model, self._data)
                elapsed += self._time(controls)
                steps += len(controls)
        return steps / elapsed

    def _time(self, controls: NDArray[np.float64]) -> float:
        ctrl, model, data, frame_skip = self._data.ctrl, self._model, self._data, self._frame_skip
        start = time.perf_counter()
        for control in controls:
            ctrl[:] = control
            mujoco.mj_step(model, data, nstep=frame_skip)
        return time.perf_counter() - start
