"""Base class of tasks, which define observation, reward, termination, metrics and start for a MuJoCo model."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import mujoco
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from rl_pipeline.envs.mujoco.observations import Observation
from rl_pipeline.envs.mujoco.observed import observed_quantities
from rl_pipeline.envs.mujoco.post_constraint import compute_after_integration
from rl_pipeline.envs.mujoco.simulations import Rows, Simulations
from rl_pipeline.plain_data import StateDict

Batch = Simulations | Rows

FreeCamera = Mapping[str, float | np.ndarray]
"""Attributes of MuJoCo's free camera."""


class Task:
    """A task on a robot, for many simulations at once.

    A subclass names a model and defines observation and reward. All methods take and return arrays with one row
    for each simulation. After the physics of an environment step, the methods are called in the order
    `after_physics`, `terminated`, `reward`, `metrics`, `observe`, so a later method may use values that an
    earlier one stored on `self`; only `observe` is also called for single finished simulations. State of each
    simulation that lasts from step to step belongs in `batch.userdata` or mocap bodies of the model, where it
    is saved and restored.

    Users set the keyword arguments of the constructor under `environment.kwargs`.
    """

    model: str | Path | mujoco.MjSpec | mujoco.MjModel
    """MJCF file, or a model made in Python."""
    frame_skip: int = 1
    """Physics steps in an environment step."""
    max_episode_steps: int | None = 1000
    """Environment steps after which an episode is truncated; None for never."""
    contact_forces: bool = False
    """Whether `cfrc_ext`, `cfrc_int` and `cacc` are computed."""

    width: int = 480
    """Pixels of a rendered frame."""
    height: int = 480
    """Pixels of a rendered frame."""
    camera_id: int | None = None
    """Camera of the model to render from; None for a free camera."""
    camera_name: str | None = None
    """Name of the camera of the model to render from; None for a free camera."""
    default_camera_config: FreeCamera | None = None
    """Attributes of `mujoco.MjvCamera` for the free camera, e.g. `distance`, `lookat` and `trackbodyid`."""
    max_geom: int = 1000
    """Maximum number of geoms in a rendered scene."""
    visual_options: Mapping[int, bool] | None = None
    """Flags of `mujoco.MjvOption`."""

    def load_model(self) -> mujoco.MjModel:
        """Compile the model.

        Raises:
            ValueError: The MJCF is wrong, or contact forces are requested of a model that is already compiled.
        """
        model = self.model
        if isinstance(model, mujoco.MjModel):
            if self.contact_forces:
                raise ValueError(
                    "contact_forces needs an MJCF file or an MjSpec; the model is already compiled"
                )
            return model
        spec = model.copy() if isinstance(model, mujoco.MjSpec) else mujoco.MjSpec.from_file(str(model))
        if self.contact_forces:
            compute_after_integration(spec)
        return spec.compile()

    def setup(self, model: mujoco.MjModel) -> None:
        """Look up data of the compiled model for the other methods, such as the index of a body."""

    def action_space(self, model: mujoco.MjModel) -> spaces.Box:
        """Return the action space of one simulation: by default, the control range of every actuator."""
        limited = model.actuator_ctrllimited.astype(bool)
        low, high = np.where(limited[:, None], model.actuator_ctrlrange, (-np.inf, np.inf)).T.astype(
            np.float32
        )
        return spaces.Box(low, high, dtype=np.float32)

    def observation_names(self, model: mujoco.MjModel) -> Mapping[str, tuple[str, ...]]:
        """Return the names of the numbers of an observation, for a policy that acts outside of the simulator.

        Returns:
            The names are by key of a dict observation, or by `observation`. By default, numbers that `observe` reads
            from fields of `MjData` are named after the model, such as `left_knee.position`; other numbers are named
            after their position, such as `observation[7]`; parts with only such numbers have no names.
        """
        return {
            key: tuple(name for name, _ in named) for key, named in observed_quantities(self, model).items()
        }

    def units(self, model: mujoco.MjModel) -> Mapping[str, str]:
        """Return units by the names of `observation_names`; by default, those of the model's quantities."""
        return {
            name: unit for named in observed_quantities(self, model).values() for name, unit in named if unit
        }

    def safe_action(self, model: mujoco.MjModel) -> Sequence[float] | None:
        """Return an action that is safe for the robot at any time; by default, none is known.

        Zero torque is not safe for every robot: an arm falls.
        """
        return None

    def reset(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Choose the start of one episode.

        Args:
            rng: Generator of this one simulation, seeded by `reset(seed=...)` of the environment.

        Returns:
            The fields of `MjData` that differ from the model's initial state, e.g. `{"qpos": ..., "qvel":
            ...}`.
        """
        return {}

    def apply(self, batch: Batch, action: np.ndarray) -> None:
        """Convert actions, (n, size of the action), to controls before the physics of an environment step."""
        batch.ctrl[:] = action

    def after_physics(self, simulations: Simulations) -> None:
        """Change the states at the end of an environment step, such as joints that must not move.

        Derived fields follow at the next step, or at once with `simulations.forward()`.
        """

    def observe(self, batch: Batch) -> Observation:
        """Return the observations: an array (n, ...) or a dict of such arrays."""
        raise NotImplementedError(f"{type(self).__name__} must define observe(batch)")

    def reward(self, batch: Batch, action: np.ndarray) -> NDArray[np.floating]:
        """Return the rewards, (n,), of the environment step that was just made with `action`."""
        raise NotImplementedError(f"{type(self).__name__} must define reward(batch, action)")

    def terminated(self, batch: Batch) -> NDArray[np.bool_]:
        """Return which simulations reached a terminal state, (n,)."""
        return np.zeros(batch.n, np.bool_)

    def metrics(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return metrics for the infos, (n,) each, such as the terms of the reward."""
        return {}

    def reset_metrics(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return the infos of an explicit reset, (n,) each."""
        return {}

    def ghost(self, batch: Batch, index: int) -> tuple[np.ndarray, np.ndarray] | None:
        """Return the pose of a transparent second robot in pictures of a simulation; None for no second robot.

        Returns:
            Its coordinates, (nq,), and its offset, (3,), m.
        """
        return None

    def state_dict(self) -> StateDict:
        """Return the shared state of all simulations that changes during a run, such as the stage of a curriculum."""
        return {}

    def load_state_dict(self, state: StateDict) -> None:
        """Restore the result of `state_dict`; it is empty for a run that was saved without it."""

    def follow(self, state: StateDict) -> None:
        """Restore the `state_dict` of the training's task, and keep it unchanged during the evaluation."""
        self.load_state_dict(state)
