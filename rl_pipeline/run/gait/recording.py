"""Walks of a trained policy from given phases of its motions, with data of joints and feet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from rl_pipeline.envs.contract import base_env
from rl_pipeline.envs.mujoco.tasks.motion import MotionImitation
from rl_pipeline.envs.mujoco.vector_env import MujocoVectorEnv
from rl_pipeline.errors import RefusedError
from rl_pipeline.run.evaluate import start_rollout
from rl_pipeline.run.gait.instruments import Instruments, Sample
from rl_pipeline.run.trained_policy import TrainedPolicy

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Walk:
    """One walk of T environment steps.

    Attributes:
        phase: Phase of the motion at the start, 0 to 1.
        seconds: Duration.
        distance: Distance forward, m.
        speed: Mean speed, m/s.
        stable: Whether it is a stable walk; see `Walks`.
        error_joints: Mean over the walk of the root mean square error of the joints, rad.
        error_bodies: Mean over the walk of the mean distance of bodies from the reference, m.
        steps: (T,), steps since the first frame of the motion.
        positions: (T, J), of the joints, rad or m.
        velocities: (T, J).
        torques: (T, J), of the actuators at the joints, Nm or N, means over the environment steps.
        powers: (T, J), of the actuators, W, means over the environment steps.
        forces: (T, F, 3), of the ground on the feet, N, in the world, means over the environment steps.
    """

    phase: float
    seconds: float
    distance: float
    speed: float
    stable: bool
    error_joints: float
    error_bodies: float
    steps: NDArray[np.intp]
    positions: Array
    velocities: Array
    torques: Array
    powers: Array
    forces: Array


def motion_batch(trained: TrainedPolicy) -> tuple[MujocoVectorEnv, MotionImitation]:
    """Return the batch and the task of a run that follows motions.

    Raises:
        RefusedError: It has another task.
    """
    batch = base_env(trained.env)
    if not (isinstance(batch, MujocoVectorEnv) and isinstance(batch.task, MotionImitation)):
        raise RefusedError(
            f"--gait compares walks with a reference motion, and {trained.config.environment.id} has none; "
            "it works for runs of MotionImitation-v0"
        )
    return batch, batch.task


def record_walks(
    trained: TrainedPolicy, motion: int, n_walks: int, *, seed: int, deterministic: bool
) -> list[Walk]:
    """Let the policy walk from evenly spaced phases of a motion.

    Args:
        trained: The policy, with several environments.
        motion: Index of the task's motion.
        n_walks: Number of walks, each from another phase.
        seed: Seeds the environments.
        deterministic: Whether to take the most likely actions.
    """
    _, task = motion_batch(trained)
    last = int(task.reference.last[motion])
    starts = [round(last * number / n_walks) for number in range(n_walks)]
    walks: list[Walk] = []
    while len(walks) < n_walks:
        wave = starts[len(walks) : len(walks) + trained.env.num_envs]
        walks += _wave(trained, motion, wave, seed=seed + len(walks), deterministic=deterministic)
    return walks


def feet_of(task: MotionImitation, model: mujoco.MjModel, motion: int) -> tuple[str, ...]:
    """Return the bodies of the model whose contacts the motion contains."""
    bodies = {model.body(index).name for index in range(model.nbody)}
    return tuple(name for name in task.reference.motions[motion].contact_names if name in bodies)


def _wave(
    trained: TrainedPolicy, motion: int, starts: Sequence[int], *, seed: int, deterministic: bool
) -> Iterator[Walk]:
    """Yield the walks from some frames, at most one for each environment."""
    batch, task = motion_batch(trained)
    instruments = Instruments(batch, feet_of(task, batch.model, motion))
    n = len(starts)
    task.next_starts.extend((motion, step) for step in starts)
    task.next_starts.extend((motion, 0) for _ in range(trained.env.num_envs - n))
    samples: list[list[Sample]] = [[] for _ in starts]
    results: dict[int, dict[str, float]] = {}

    def measure() -> None:
        for index in range(n):
            if index not in results:
                samples[index].append(instruments.measure(index))

    batch.simulations.before_physics = measure
    with trained.policy.sampling(seed):
        rollout = start_rollout(trained.policy, trained.env, seed=seed, deterministic=deterministic)
        while len(results) < n:
            transition = rollout.step()
            for index in np.flatnonzero(transition.ended[:n]).tolist():
                episode = transition.infos["episode"]
                results.setdefault(index, {name: float(values[index]) for name, values in episode.items()})
    batch.simulations.before_physics = None
    last, dt = int(task.reference.last[motion]), batch.simulations.dt
    for index, start in enumerate(starts):
        yield _walk(results[index], samples[index], start / last, dt)


def _walk(result: dict[str, float], samples: Sequence[Sample], phase: float, dt: float) -> Walk:
    series = Sample(*(np.stack(column) for column in zip(*samples, strict=True)))
    return Walk(
        phase=phase,
        seconds=result["l"] * dt,
        distance=result["distance"],
        speed=result["x_velocity_mean"],
        stable=bool(result["success"]),
        error_joints=result["error_joints_mean"],
        error_bodies=result["error_bodies_mean"],
        steps=series.step.astype(np.intp),
        positions=series.positions,
        velocities=series.velocities,
        torques=series.torques,
        powers=series.powers,
        forces=series.forces,
    )
