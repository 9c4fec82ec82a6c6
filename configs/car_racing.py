"""Gymnasium's car race, seen as small grey images by an agent that acts on every fourth frame."""

from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.envs.box2d import car_racing

FRAME_SKIP = 4
SIZE = 48
"""Pixels of an edge of an observation: the environment draws 96 x 96, of which 2 x 2 are averaged."""


class CarRacing(car_racing.CarRacing):
    """A car on a random track that is seen from above, with `FRAME_SKIP` frames to each action.

    Observations are (SIZE, SIZE, 1) uint8. The reward of a timestep is the sum over its frames: 1,000 divided by the
    number of the track's tiles for each new tile, -0.1 for each frame, and -100 for leaving the field.

    Args:
        render_mode: One of those of Gymnasium's environment; None draws observations alone.
    """

    metadata = {**car_racing.CarRacing.metadata, "render_fps": car_racing.FPS / FRAME_SKIP}  # noqa: RUF012

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode=render_mode)
        self.observation_space = spaces.Box(0, 255, (SIZE, SIZE, 1), np.uint8)
        self._draws_states = True

    def step(self, action: np.ndarray | int | None) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Hold an action for `FRAME_SKIP` frames; `is_success` tells whether the lap is finished."""
        n_frames = 1 if action is None else FRAME_SKIP  # Gymnasium's reset makes a step without an action
        total = 0.0
        for frame in range(n_frames):
            self._draws_states = frame == n_frames - 1
            _, reward, terminated, truncated, info = super().step(action)  # type: ignore[arg-type]
            total += reward
            if terminated or truncated:
                break
        return self.state, total, terminated, truncated, {"is_success": info.get("lap_finished", False)}

    def _render(self, mode: str) -> np.ndarray | None:
        if mode != "state_pixels":
            return super()._render(mode)
        if self._draws_states:  # drawing takes nine tenths of a frame
            picture = super()._render(mode).mean(axis=2).reshape(SIZE, 2, SIZE, 2)
            self.state = picture.mean(axis=(1, 3)).astype(np.uint8)[..., None]
        return self.state
