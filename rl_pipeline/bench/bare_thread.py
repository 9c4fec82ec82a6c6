"""The limit that no environment library can exceed: bare physics."""

import time
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from rl_pipeline.config.environment import Environment
from rl_pipeline.envs.mujoco import make_mujoco_vector_env

Episode = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
"""The initial integration state of an episode, its controls, and poses of mocap bodies, (steps, nmocap, 7)."""
LEAST_STEPS = 500


class BareThread:
    """One thread that only writes inputs and calls `mj_step`, through recorded episodes of a task.

    Args:
        environment: Id of a task of the batched backend.

    Raises:
        ConfigError: The task does not exist.
    """

    def __init__(self, environment: str) -> None:
        self._batch: Any = make_mujoco_vector_env(Environment(id=environment, backend="mujoco"), 1)
        self._batch.reset(seed=0)
        self._batch.action_space.seed(0)
        self._states = self._batch.simulations.pool.bind("state")
        self._episodes: list[Episode] = [self._record()]
        while sum(len(controls) for _, controls, _ in self._episodes) < LEAST_STEPS:
            self._episodes.append(self._record())
        self._frame_skip = self._batch.task.frame_skip
        # The model without the plugin for contact forces: the limit is physics alone.
        task = self._batch.task
        bare = mujoco.MjModel.from_xml_path(str(task.model)) if task.contact_forces else self._batch.model
        self._model: mujoco.MjModel = bare
        self._data = mujoco.MjData(self._model)

    def _record(self) -> Episode:
        start, done = self._states[0].copy(), False
        controls: list[NDArray[np.float64]] = []
        poses: list[NDArray[np.float64]] = []
        while not done and len(controls) < LEAST_STEPS:
            action = self._batch.action_space.sample()
            self._batch.task.apply(self._batch.simulations, action)
            controls.append(self._batch.simulations.ctrl[0].copy())
            poses.append(self._mocap_poses())
            _, _, terminated, truncated, _ = self._batch.step(action)
            done = bool(terminated[0] or truncated[0])
        return start, np.array(controls), np.array(poses)

    def _mocap_poses(self) -> NDArray[np.float64]:
        simulations = self._batch.simulations
        if not simulations.model.nmocap:
            return np.zeros((0, 7))
        return np.concatenate((simulations.mocap_pos[0], simulations.mocap_quat[0]), axis=1)

    def steps_per_second(self, seconds: float) -> float:
        """Measure for about this many seconds, without the starts of episodes."""
        steps, elapsed = 0, 0.0
        while elapsed < seconds:
            for start, controls, poses in self._episodes:
                mujoco.mj_setState(self._model, self._data, start, mujoco.mjtState.mjSTATE_INTEGRATION)
                mujoco.mj_forward(self._model, self._data)
                elapsed += self._time(controls, poses)
                steps += len(controls)
        return steps / elapsed

    def _time(self, controls: NDArray[np.float64], poses: NDArray[np.float64]) -> float:
        ctrl, model, data, frame_skip = self._data.ctrl, self._model, self._data, self._frame_skip
        positions, rotations, has_mocap = data.mocap_pos, data.mocap_quat, bool(model.nmocap)
        start = time.perf_counter()
        for control, pose in zip(controls, poses, strict=True):
            ctrl[:] = control
            if has_mocap:
                positions[:], rotations[:] = pose[:, :3], pose[:, 3:]
            mujoco.mj_step(model, data, nstep=frame_skip)
        return time.perf_counter() - start
