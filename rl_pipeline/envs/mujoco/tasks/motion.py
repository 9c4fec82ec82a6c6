"""Motion imitation: any robot follows any reference motion."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import mujoco
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from rl_pipeline.config.errors import ConfigError, Problem, nearest
from rl_pipeline.datasets.binding import bind, single_joints
from rl_pipeline.datasets.model_files import load_spec
from rl_pipeline.datasets.reading import read_motion
from rl_pipeline.datasets.roots import ROOT
from rl_pipeline.envs.mujoco.task import Batch, Task
from rl_pipeline.envs.mujoco.tasks.motion_actions import ACTIONS, Actions, ServoTargets, use_servos
from rl_pipeline.envs.mujoco.tasks.motion_mirror import MirroredPolicy, MirrorMode, check_mode
from rl_pipeline.envs.mujoco.tasks.motion_observation import MotionObservation
from rl_pipeline.envs.mujoco.tasks.reference import Comparison, Frames, Reference, with_speed
from rl_pipeline.envs.mujoco.tasks.reward_terms import ERRORS, RewardTerm, evaluate, selection, terms_of
from rl_pipeline.envs.mujoco.tasks.walks import (
    ACTIONS_FROM,
    MIRRORED,
    MOTION,
    START,
    START_X,
    START_Y,
    STEP,
    Walks,
    clock,
)

Array = NDArray[np.float64]

KEY = "environment.kwargs"


class MotionImitation(Task):
    """Follow a reference motion, from a random phase of it on.

    Everything that a simulation remembers (its motion, its frame, its start and its last actions) lies in `userdata`.

    Args:
        model: An MJCF file, or the name of a model of the package.
        motion: Files of motions, or names of the package's motions; episodes draw one of several.
        speed: m/s; take only the motion with this mean speed. None for all of them.
        observe_speed: Let the policy observe the mean speed of its motion, the command that tells several apart.
        reward: A preset (`deepmimic`, `drloco`, `comic`, `tracking`), or a list of terms.
        actions: `torque` for the controls of the model, `position` for target positions of servos within the
            joints' ranges, `reference` for offsets to the positions of the reference.
        rate: Environment steps per second.
        adapt: Adapt motions that differ from the model instead of refusing them.
        joints: By joint of the model that of the motion with another name, with a minus for the opposite sign.
        look_ahead: Steps ahead at which the policy sees the reference.
        noise: Standard deviation of the joints at the start, rad or m; velocities get five times as much.
        mirror: `stride` to mirror what the policy observes and does in the second half of each cycle, `episode` to
            do so in every second episode, drawn at random; None for never.
        random_start: Start at a random phase, not at the first frame.
        max_deviation: Mean distance of bodies from the reference, m, that ends an episode; None for never.
        fall_height: Height of the root, as a part of that of the reference, below which an episode ends.
        stiffness: Of servos, as a multiple of the largest torque, 1/rad.
        damping: Of servos, as a multiple of their stiffness, s.
        offset: rad that an action of one adds to the reference.
        stable_distance: m after which a walk counts as stable; see `Walks`.
        ghost: Draw the reference as a transparent robot into pictures.
    """

    camera_name: str | None = "track"

    def __init__(
        self,
        model: str = "planar_walker",
        motion: str | Sequence[str] = "planar_walker_walk",
        *,
        speed: float | None = None,
        observe_speed: bool = False,
        reward: str | Sequence[Mapping[str, Any]] = "deepmimic",
        actions: Actions = "position",
        rate: float = 50.0,
        adapt: bool = False,
        joints: Mapping[str, str] | None = None,
        look_ahead: Sequence[int] = (1, 5),
        noise: float = 0.02,
        random_start: bool = True,
        mirror: MirrorMode | None = None,
        max_deviation: float | None = 0.5,
        fall_height: float = 0.6,
        stiffness: float = 2.0,
        damping: float = 0.05,
        offset: float = 0.5,
        stable_distance: float = 15.0,
        ghost: bool = True,
        max_episode_steps: int | None = 500,
    ) -> None:
        self.model = model
        self.motions = [motion] if isinstance(motion, str) else list(motion)
        self.speed, self.observe_speed = speed, observe_speed
        self.terms = terms_of(reward)
        if actions not in ACTIONS:
            near = nearest(str(actions), ACTIONS)
            raise ConfigError([Problem(f"{KEY}.actions", "is unknown", actions, ACTIONS, near)])
        self.actions = actions
        self.rate, self.adapt, self.joints = rate, adapt, dict(joints or {})
        check_mode(mirror)
        self.mirror = mirror
        self.mirrored: MirroredPolicy | None = None
        self.look_ahead, self.noise, self.random_start = tuple(look_ahead), noise, random_start
        self.max_deviation, self.fall_height = max_deviation, fall_height
        self.stiffness, self.damping, self.offset = stiffness, damping, offset
        self.stable_distance, self.shows_ghost = stable_distance, ghost
        self.next_starts: deque[tuple[int, int]] = deque()
        """Motions and frames at which the next episodes start; where it is empty, they are drawn."""
        self.max_episode_steps = max_episode_steps

    def load_model(self) -> mujoco.MjModel:
        """Compile the model with servos where actions are positions, and with memory for each simulation."""
        spec = load_spec(str(self.model))
        if self.actions != "torque":
            use_servos(spec, self.stiffness, self.damping)
        spec.nuserdata = ACTIONS_FROM + 2 * len(spec.actuators)
        model = spec.compile()
        steps = 1.0 / (self.rate * model.opt.timestep)
        self.frame_skip = round(steps)
        if self.frame_skip < 1 or abs(steps - self.frame_skip) > 1e-6:
            message = (
                f"{self.rate} steps/s are not an integer number of physics steps of {model.opt.timestep} s"
            )
            raise ConfigError([Problem(f"{KEY}.rate", message, self.rate)])
        if mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_CAMERA, self.camera_name) < 0:
            self.camera_name = None
        return model

    def setup(self, model: mujoco.MjModel) -> None:
        """Bind the motions to the model and look up joints and bodies."""
        dt = self.frame_skip * model.opt.timestep
        bound = [
            bind(read_motion(name), model, joints=self.joints, adapt=self.adapt, dt=dt)
            for name in self.motions
        ]
        self.reference = Reference(bound if self.speed is None else [with_speed(bound, self.speed)])
        self.walks = Walks(self.reference, self.stable_distance, self.max_episode_steps)
        names = single_joints(model)
        self._qpos = np.array([int(model.joint(name).qposadr[0]) for name in names], np.intp)
        self._qvel = np.array([int(model.joint(name).dofadr[0]) for name in names], np.intp)
        bodies = tuple(model.body(index).name for index in range(ROOT, model.nbody))
        self._selected = [selection(term, names, bodies) for term in self.terms]
        self._low, self._high = _limits(model, names)
        self.observation = MotionObservation(
            model, self.reference, self.look_ahead, observe_speed=self.observe_speed
        )
        if self.mirror is not None:
            self.mirrored = MirroredPolicy(self.mirror, model, self.observation, self.reference)
        self._n_actions = model.nu
        if self.actions != "torque":
            self._targets = ServoTargets(model, self.offset)

    def action_space(self, model: mujoco.MjModel) -> spaces.Box:
        """Return the control ranges for torques, and -1 to 1 for positions."""
        if self.actions == "torque":
            return super().action_space(model)
        return spaces.Box(-1.0, 1.0, (model.nu,), np.float32)

    def observation_names(self, model: mujoco.MjModel) -> Mapping[str, tuple[str, ...]]:
        """Return the names of the model's quantities, of the phase, and of the differences from the reference."""
        found = super().observation_names(model).get("observation", ())
        names = [name for name in found if not name.startswith("observation[")]
        return {"observation": (*names, *self.observation.names)} if names else {}

    def units(self, model: mujoco.MjModel) -> Mapping[str, str]:
        """Return those of the model's quantities, of the command and of the differences."""
        return {**super().units(model), **self.observation.units}

    def reset(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Start in a frame of a motion, with noise on the joints."""
        motion, step = self.next_starts.popleft() if self.next_starts else self._draw_start(rng)
        index = self.reference.first[motion] + step
        qpos, qvel = self.reference.qpos[index].copy(), self.reference.qvel[index].copy()
        qpos[self._qpos] += rng.normal(0, self.noise, len(self._qpos))
        qvel[self._qvel] += rng.normal(0, 5 * self.noise, len(self._qvel))
        userdata = np.zeros(ACTIONS_FROM + 2 * self._n_actions)
        userdata[[MOTION, STEP, START]] = motion, step, step
        userdata[MIRRORED] = self.mirror == "episode" and rng.random() < 0.5
        userdata[[START_X, START_Y]] = self.reference.positions[index, ROOT, :2]
        return {"qpos": qpos, "qvel": qvel, "userdata": userdata}

    def _draw_start(self, rng: np.random.Generator) -> tuple[int, int]:
        motion = int(rng.integers(len(self.reference)))
        return motion, int(rng.integers(self.reference.last[motion])) if self.random_start else 0

    def apply(self, batch: Batch, action: np.ndarray) -> None:
        """Step on in the reference, remember the action and set the controls."""
        memory = batch.userdata
        if self.mirrored is not None:
            action = self.mirrored.actions(batch, action)
        memory[:, STEP] += 1
        n_actions = action.shape[1]
        memory[:, ACTIONS_FROM : ACTIONS_FROM + n_actions] = memory[:, ACTIONS_FROM + n_actions :]
        memory[:, ACTIONS_FROM + n_actions :] = action
        if self.actions == "torque":
            batch.ctrl[:] = action
        elif self.actions == "position":
            batch.ctrl[:] = self._targets.positions(action)
        else:
            batch.ctrl[:] = self._targets.around(self.reference.qpos[self._frames(batch).index], action)

    def terminated(self, batch: Batch) -> NDArray[np.bool_]:
        """Return which robots fell, or are too far from the reference."""
        wanted = self.reference.positions[self._frames(batch).index, ROOT, 2]
        ended = batch.xpos[:, ROOT, 2] < self.fall_height * wanted
        if self.max_deviation is not None:
            ended |= self._deviation(self._compare(batch)) > self.max_deviation
        self._ended = ended
        return ended

    def reward(self, batch: Batch, action: np.ndarray) -> Array:
        """Return the sum of the terms."""
        comparison = self._compare(batch)
        self._values = {
            f"reward_{term.name}": evaluate(term, self._errors(term, selected, comparison))
            for term, selected in zip(self.terms, self._selected, strict=True)
        }
        self._tracking = {
            "error_joints": np.sqrt(np.square(comparison.joints).mean(axis=1)),
            "error_bodies": self._deviation(comparison),
        }
        return np.sum(list(self._values.values()), axis=0)

    def metrics(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return the terms of the reward, the errors of joints and bodies, and how the walk goes.

        `is_success` says whether it would be a stable one if it ended now.
        """
        return {
            **self._values,
            **self._tracking,
            "is_success": self.walks.stable(batch) & ~self._ended,
            "x_position": batch.xpos[:, ROOT, 0],
            "x_velocity": self._speed(batch),
        }

    def ghost(self, batch: Batch, index: int) -> tuple[Array, Array] | None:
        """Return the coordinates of a simulation's reference, and by how much it is ahead of its first cycle."""
        if not self.shows_ghost:
            return None
        frames = self._frames(batch)
        return self.reference.qpos[frames.index[index]], frames.shift[index]

    def observe(self, batch: Batch) -> Array:
        """Return what `MotionObservation` says, or its mirror image."""
        observations = self.observation.observe(batch)
        return observations if self.mirrored is None else self.mirrored.observations(batch, observations)

    def _errors(self, term: RewardTerm, selected: NDArray[np.intp], comparison: Comparison) -> Array:
        batch = comparison.batch
        if term.error in ERRORS:
            return ERRORS[term.error](comparison, selected)
        if term.error == "joint_limits":
            positions = batch.qpos[:, self._qpos]
            return np.maximum(0.0, np.maximum(self._low - positions, positions - self._high))
        before, last = np.split(batch.userdata[:, ACTIONS_FROM:], 2, axis=1)
        return np.square(last - before if term.error == "action_rate" else last)

    def _frames(self, batch: Batch) -> Frames:
        return self.reference.frames(*clock(batch))

    def _compare(self, batch: Batch) -> Comparison:
        return Comparison(batch, self.reference, self._frames(batch), self._qpos, self._qvel)

    def _speed(self, batch: Batch) -> Array:
        """Return the forward velocity of the origin of the root, (n,), m/s."""
        arm = batch.xpos[:, ROOT] - batch.subtree_com[:, batch.model.body_rootid[ROOT]]
        velocity = batch.cvel[:, ROOT]
        return velocity[:, 3] + velocity[:, 1] * arm[:, 2] - velocity[:, 2] * arm[:, 1]

    def _deviation(self, comparison: Comparison) -> Array:
        return np.linalg.norm(comparison.body_positions[:, ROOT:], axis=2).mean(axis=1)


def _limits(model: mujoco.MjModel, joints: Sequence[str]) -> tuple[Array, Array]:
    ids = [model.joint(name).id for name in joints]
    limited = model.jnt_limited[ids].astype(bool)[:, np.newaxis]
    low, high = np.where(limited, model.jnt_range[ids], (-np.inf, np.inf)).T
    return low, high
