"""The vector environment over a batch of MuJoCo simulations."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from gymnasium.utils import seeding
from numpy.typing import NDArray

from rl_pipeline.envs.contract import OPTIONAL_METHODS, BackendVectorEnv, Interface
from rl_pipeline.envs.model_names import actuator_joints, actuator_names, actuator_units
from rl_pipeline.envs.mujoco.cameras import CameraConfig, Cameras
from rl_pipeline.envs.mujoco.goals import GoalTask
from rl_pipeline.envs.mujoco.observations import (
    Observation,
    map_arrays,
    observation_space_of,
    only_rows,
    owned,
    owned_floats,
    write_rows,
)
from rl_pipeline.envs.mujoco.observed import controls_actuators
from rl_pipeline.envs.mujoco.randomization import RandomizationConfig
from rl_pipeline.envs.mujoco.randomizer import Randomizer
from rl_pipeline.envs.mujoco.rehearsal import rehearse
from rl_pipeline.envs.mujoco.rendering import FrameRenderer
from rl_pipeline.envs.mujoco.simulations import Simulations
from rl_pipeline.envs.mujoco.task import Task
from rl_pipeline.plain_data import StateDict
from rl_pipeline.wrappers.base import Frames, Infos, ResetOptions, Seed, StepResult, reset_mask

RENDER_MODES = ["human", "rgb_array", "depth_array", "rgbd_tuple"]


class MujocoVectorEnv(BackendVectorEnv):
    """`num_envs` simulations of one task, stepped by a thread pool, with autoreset in the same step.

    The same seed gives the same trajectories for any number of threads.
    """

    def __init__(
        self,
        task: Task,
        num_envs: int,
        render_mode: str | None = None,
        *,
        num_threads: int | None = None,
        randomization: RandomizationConfig | None = None,
        camera: CameraConfig | None = None,
    ) -> None:
        """Compile the model, start the thread pool and try every method of the task once.

        Args:
            task: The task, which defines observation and reward.
            num_envs: Number of simulations.
            render_mode: How `render` shows simulation 0: `human`, `rgb_array`, `depth_array`, `rgbd_tuple`
                or None.
            num_threads: Threads that step the simulations; None for one per core that the process may use.
            randomization: Differences between simulations and episodes.
            camera: A camera of the model whose images are added to the observation.

        Raises:
            ValueError: The model cannot be compiled, or a method of the task returns an array of the wrong
                shape.
            ConfigError: The randomization or the camera names something that the model does not have.
        """
        self.task = task
        self.num_envs = num_envs
        self.render_mode = render_mode
        self.model = task.load_model()
        task.setup(self.model)
        self.simulations = Simulations(self.model, num_envs, task.frame_skip, num_threads)
        action_space = task.action_space(self.model)
        self._randomizer = (
            Randomizer(randomization, self.simulations, action_space) if randomization else None
        )
        self._cameras = Cameras(camera, self.simulations) if camera else None
        self._renderer = FrameRenderer(task, self.simulations, render_mode) if render_mode else None
        self._rngs = [seeding.np_random()[0] for _ in range(num_envs)]
        self._elapsed = np.zeros(num_envs, np.int64)
        self._all = np.ones(num_envs, np.bool_)
        self._all.setflags(write=False)
        self._time_limit = (
            np.iinfo(np.int64).max if task.max_episode_steps is None else task.max_episode_steps
        )
        self._start_episodes(np.arange(num_envs))
        rehearse(task, self.simulations, np.zeros((num_envs, *action_space.shape), np.float32))
        metadata = {"render_modes": RENDER_MODES, "render_fps": round(1.0 / self.simulations.dt)}
        self._set_spaces(num_envs, observation_space_of(self._observe()), action_space, metadata)

    @cached_property
    def interface(self) -> Interface:
        """See `Interface`; an action that is not one number for each actuator has no names."""
        task, model, names = self.task, self.model, actuator_names(self.model)
        is_driven = self.single_action_space.shape == (len(names),)
        is_control = is_driven and controls_actuators(task, model, len(names))
        action_units = actuator_units(model)
        safe_action = task.safe_action(model)
        return Interface(
            rate=1.0 / self.simulations.dt,
            observation_names=task.observation_names(model),
            action_names=names if is_driven else (),
            units=task.units(model),
            action_units=action_units if is_control and any(action_units) else (),
            joint_names=actuator_joints(model) if is_driven else (),
            safe_action=None if safe_action is None else tuple(map(float, safe_action)),
        )

    def reset(self, *, seed: Seed = None, options: ResetOptions = None) -> tuple[Observation, Infos]:
        """Start new episodes.

        Args:
            seed: Seed of simulation 0, incremented for the others, or one for each; None continues the
                generators.
            options: `reset_mask`, a bool array (num_envs,), resets and seeds only the marked simulations.

        Returns:
            The observations of all simulations and the infos of the task.
        """
        ids = np.flatnonzero(reset_mask(options, self.num_envs))
        seeds = self.expand_seed(seed)
        for i in ids.tolist():
            if (own_seed := seeds[i]) is not None:
                self._seed(i, own_seed)
        if len(ids):
            self._start_episodes(ids)
        return self._observe(), self._infos(self.task.reset_metrics(self.simulations))

    def step(self, actions: np.ndarray) -> StepResult:
        """Apply one action in every simulation; finished simulations start their next episode at once.

        Args:
            actions: (num_envs, size of the action).

        Returns:
            Observations, rewards, terminated, truncated and infos; `infos["final_obs"]` holds the last
            observations of the episodes that ended, and `infos["_final_obs"]` marks their rows.
        """
        actions = self.check_actions(actions)
        task, simulations = self.task, self.simulations
        task.apply(
            simulations, actions if self._randomizer is None else self._randomizer.before_step(actions)
        )
        simulations.step()
        task.after_physics(simulations)
        terminated = task.terminated(simulations)
        rewards = owned_floats(task.reward(simulations, actions))
        infos = self._infos(task.metrics(simulations))
        observation = self._observe()
        self._elapsed += 1
        truncated = self._elapsed >= self._time_limit
        finished = terminated | truncated
        if finished.any():
            observation = self._autoreset(finished, observation, infos)
        if self.render_mode == "human":
            self.render()
        return observation, rewards, terminated, truncated, infos

    def compute_reward(
        self, achieved_goal: np.ndarray, desired_goal: np.ndarray, infos: object
    ) -> NDArray[np.float64]:
        """Return the rewards of a goal task for pairs of goals; see `BackendVectorEnv`."""
        if not isinstance(self.task, GoalTask):
            return super().compute_reward(achieved_goal, desired_goal, infos)
        return self.task.compute_reward(achieved_goal, desired_goal, infos)

    def render(self) -> Frames:
        """Return a frame of simulation 0 as a 1-tuple; `(None,)` without a render mode or in a window."""
        return (self._renderer.render() if self._renderer else None,)

    @property
    def label(self) -> str:
        """Name of the task."""
        return type(self.task).__name__

    def call_on(self, indices: Sequence[int], name: str, *args: object, **kwargs: object) -> list[Any]:
        """Read an attribute of the task, or call its method once; all simulations share the task."""
        value = getattr(self._owner(name), name)
        return [value(*args, **kwargs) if callable(value) else value] * len(indices)

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """Read an attribute of the task."""
        return (getattr(self._owner(name), name),) * self.num_envs

    def has_attr(self, name: str) -> bool:
        """Return whether the task, or this environment, has an attribute of this name."""
        return hasattr(self.task, name) or (name not in OPTIONAL_METHODS and super().has_attr(name))

    def _owner(self, name: str) -> "Task | MujocoVectorEnv":
        return self.task if hasattr(self.task, name) else self

    def set_attr(self, name: str, values: object) -> None:
        """Set an attribute of the task.

        Args:
            name: The attribute.
            values: Its value, or a list or tuple with the same value for every simulation.

        Raises:
            ValueError: The values differ or are too few; the task is one object for all simulations.
        """
        if isinstance(values, list | tuple):
            if len(values) != self.num_envs or any(value != values[0] for value in values):
                raise ValueError(
                    f"'{name}' needs one value, or {self.num_envs} equal values: "
                    "the simulations of a MuJoCo batch share one task"
                )
            values = values[0]
        setattr(self.task, name, values)

    def close_extras(self, **kwargs: object) -> None:
        """Close windows and rendering contexts."""
        for resource in (self._renderer, self._cameras):
            if resource is not None:
                resource.close()

    def state_dict(self) -> StateDict:
        """Return the complete state of the simulations as plain data."""
        return {
            "simulations": self.simulations.state_dict(),
            "elapsed": self._elapsed.copy(),
            "rngs": [rng.bit_generator.state for rng in self._rngs],
            "randomizer": self._randomizer.state_dict() if self._randomizer else None,
            "task": self.task.state_dict(),
        }

    def load_state_dict(self, state: StateDict) -> None:
        """Restore a state of `state_dict` of the same task.

        Raises:
            ValueError: The state has a different model, number of environments or
                randomization.
        """
        if (state["randomizer"] is None) != (self._randomizer is None):
            raise ValueError("the state and this environment differ in environment.randomization")
        self.simulations.load_state_dict(state["simulations"])
        self.task.load_state_dict(state.get("task", {}))
        self._elapsed[:] = state["elapsed"]
        for rng, rng_state in zip(self._rngs, state["rngs"], strict=True):
            rng.bit_generator.state = rng_state
        if self._randomizer:
            self._randomizer.load_state_dict(state["randomizer"])

    def shared_state(self) -> StateDict:
        """Return the state of the task."""
        return self.task.state_dict()

    def follow(self, shared: StateDict) -> None:
        """Pass the state of a training's task to the task."""
        self.task.follow(shared)

    def _seed(self, i: int, seed: int) -> None:
        self._rngs[i] = seeding.np_random(int(seed))[0]
        if self._randomizer:
            self._randomizer.seed(i, seed)

    def _start_episodes(self, ids: NDArray[np.intp]) -> None:
        if self._randomizer:
            self._randomizer.start_episodes(ids)
        self.simulations.reset(ids, [self.task.reset(self._rngs[i]) for i in ids.tolist()])
        self._elapsed[ids] = 0

    def _observe(self, ids: NDArray[np.intp] | None = None) -> Observation:
        """Observe all simulations, or those with these indices."""
        batch = self.simulations if ids is None else self.simulations.rows(ids)
        observation = map_arrays(owned, self.task.observe(batch))
        if self._randomizer:
            observation = self._randomizer.disturb(observation)
        return observation if self._cameras is None else self._cameras.join(observation, ids)

    def _autoreset(self, finished: NDArray[np.bool_], observation: Observation, infos: Infos) -> Observation:
        ids = np.flatnonzero(finished)
        infos["final_obs"], infos["_final_obs"] = only_rows(observation, ids), finished
        self._start_episodes(ids)
        write_rows(observation, ids, self._observe(ids))
        return observation

    def _infos(self, metrics: Mapping[str, np.ndarray]) -> Infos:
        infos: Infos = {}
        for name, values in metrics.items():
            infos[name] = owned_floats(values)
            infos["_" + name] = self._all
        return infos
