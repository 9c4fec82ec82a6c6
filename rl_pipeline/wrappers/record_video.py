"""Films of environment 0 during a training."""

import logging
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from gymnasium.vector import VectorEnv

from rl_pipeline.plain_data import StateDict
from rl_pipeline.rendering.film import FilmWriter
from rl_pipeline.wrappers.base import StepResult, TrainingWrapper

logger = logging.getLogger(__name__)

DEFAULT_FPS = 30.0


class RecordVideo(TrainingWrapper):
    """Film environment 0 at regular intervals, from the first step on.

    A film is named after its first timestep, `step_000005000.mp4`, and contains the frame before its first step
    and one frame per step. `close` finishes a film that has begun. If rendering or writing fails, one warning is
    logged, the film is abandoned and the training continues; the next film is tried again.

    Args:
        env: The vector environment; its `render()` returns a tuple with environment 0's frame first.
        folder: Folder for the films.
        trigger: Environment steps from one film to the next, counted per step of the whole vector, at
            least 1.
        length: Environment steps in a film, at least 1.
        fps: Frames per second; by default, the environment's rate (`metadata["render_fps"]`).
        n_timesteps_offset: Timesteps of the run before it was resumed.
        on_film: Called with each finished film's path and its first timestep.

    Attributes:
        n_steps: Steps of the vector so far, including those of the offset.
        on_film: As above; may be set at any time.

    Raises:
        ValueError: `trigger` or `length` is below 1.
    """

    def __init__(
        self,
        env: VectorEnv,
        folder: str | os.PathLike[str],
        trigger: int,
        length: int,
        fps: float | None = None,
        n_timesteps_offset: int = 0,
        on_film: Callable[[Path, int], None] | None = None,
    ) -> None:
        super().__init__(env)
        for name, value in (("trigger", trigger), ("length", length)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        self.folder = Path(folder)
        self.trigger = trigger
        self.length = length
        self.fps = fps or env.metadata.get("render_fps") or DEFAULT_FPS
        self.n_steps = n_timesteps_offset // self.num_envs
        self.on_film = on_film
        self._film: FilmWriter | None = None
        self._film_timestep = 0
        self._has_warned = False

    def step(self, actions: np.ndarray) -> StepResult:
        """Step the environments; start, continue or finish a film."""
        if self._film is None and self.n_steps % self.trigger == 0:
            self._begin()
        result = self.env.step(actions)
        self.n_steps += 1
        self._add_frame()
        if self._film is not None and self._film.n_frames == self.length + 1:
            self._finish()
        return result

    def close(self, **kwargs: object) -> None:
        """Finish the film that has begun and close the environments."""
        try:
            self._finish()
        finally:
            self.env.close(**kwargs)

    def state_dict(self) -> StateDict:
        """Return the number of steps; a film that has begun is not part of the state."""
        return {"n_steps": self.n_steps}

    def load_state_dict(self, state: StateDict) -> None:
        """Restore a state of `state_dict`."""
        self.n_steps = int(state["n_steps"])

    def _begin(self) -> None:
        self._film_timestep = self.n_steps * self.num_envs
        self._film = FilmWriter(self.folder / f"step_{self._film_timestep:09d}.mp4", self.fps)
        self._add_frame()

    def _add_frame(self) -> None:
        if self._film is None:
            return
        try:
            frames = self.env.render()
            if not frames or frames[0] is None:
                raise RuntimeError("environment 0 returns no frames; make it with render_mode 'rgb_array'")
            self._film.write(np.asarray(frames[0]))
        except Exception as error:  # noqa: BLE001 - no failure of a renderer is worth a training
            self._give_up(error)

    def _finish(self) -> None:
        film, self._film = self._film, None
        if film is None:
            return
        try:
            path = film.close()
        except (RuntimeError, OSError) as error:
            self._give_up(error)
            return
        if self.on_film is not None:
            self.on_film(path, self._film_timestep)

    def _give_up(self, error: Exception) -> None:
        if self._film is not None:
            self._film.abort()
            self._film = None
        if not self._has_warned:
            logger.warning("no film at timestep %d: %s: %s", self._film_timestep, type(error).__name__, error)
            self._has_warned = True
