"""Base class of the tasks that reimplement Gymnasium's MuJoCo v5 environments."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import gymnasium
import mujoco
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from rl_pipeline.envs.mujoco.task import Batch, FreeCamera, Task

ASSETS = Path(gymnasium.__file__).parent / "envs" / "mujoco" / "assets"


@dataclass(kw_only=True)
class GymnasiumTask(Task):
    """Keyword arguments that all of these tasks take; names and defaults are those of Gymnasium."""

    xml_file: str
    """MJCF file: a name in Gymnasium's assets, or a path that begins with `.`, `/` or `~`."""
    frame_skip: int
    max_episode_steps: int | None = 1000
    width: int = 480
    height: int = 480
    camera_id: int | None = None
    camera_name: str | None = None
    default_camera_config: FreeCamera | None = None
    max_geom: int = 1000
    visual_options: Mapping[int, bool] | None = None

    def load_model(self) -> mujoco.MjModel:
        """Compile the model named by `xml_file`.

        Raises:
            FileNotFoundError: The file does not exist.
        """
        self.model = self.model_file()
        return super().load_model()

    def model_file(self) -> Path:
        """Return the path of `xml_file`.

        Raises:
            FileNotFoundError: The file does not exist.
        """
        is_path = self.xml_file.startswith((".", "/", "~"))
        path = Path(self.xml_file).expanduser() if is_path else ASSETS / self.xml_file
        if not path.is_file():
            raise FileNotFoundError(f"xml_file: the file {path} does not exist")
        return path

    def setup(self, model: mujoco.MjModel) -> None:
        """Remember the initial state."""
        self.init_qpos = model.qpos0.copy()
        self.init_qvel = np.zeros(model.nv)

    def action_space(self, model: mujoco.MjModel) -> spaces.Box:
        """Return the control ranges, like Gymnasium, even if the model does not enforce them."""
        low, high = model.actuator_ctrlrange.T.astype(np.float32)
        return spaces.Box(low, high, dtype=np.float32)

    def noisy_start(
        self, rng: np.random.Generator, scale: float, velocity: Literal["uniform", "normal"]
    ) -> dict[str, NDArray[np.float64]]:
        """Return the initial state with uniform noise on positions and the given noise on velocities."""
        nq, nv = self.init_qpos.size, self.init_qvel.size
        if velocity == "uniform":
            noise = rng.uniform(-scale, scale, nq + nv)
            return {"qpos": self.init_qpos + noise[:nq], "qvel": self.init_qvel + noise[nq:]}
        qpos = self.init_qpos + rng.uniform(-scale, scale, nq)
        return {"qpos": qpos, "qvel": self.init_qvel + scale * rng.standard_normal(nv)}


def sum_of_squares(values: np.ndarray) -> np.ndarray:
    """Return the sum of squares of every row, in the dtype and order of summation of Gymnasium's costs."""
    return np.add.reduce(np.square(values), axis=1)


def planar_metrics(batch: Batch) -> dict[str, NDArray[np.float64]]:
    """Return the position of the robot on the ground, from its first two coordinates."""
    x, y = batch.qpos[:, 0], batch.qpos[:, 1]
    return {"x_position": x, "y_position": y, "distance_from_origin": np.sqrt(x * x + y * y)}
