"""Films of a policy: one episode, or one episode of every checkpoint."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv

from rl_pipeline.policies.policy import Policy
from rl_pipeline.rendering.film import FilmWriter, caption
from rl_pipeline.rendering.gl import RenderingUnavailable
from rl_pipeline.run.checkpoints import Checkpoint
from rl_pipeline.run.evaluate import start_rollout
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.trained_policy import acting_config, open_policy

DEFAULT_FPS = 30
RECORDED_TIMESTEPS = 250


def frames_per_second(env: VectorEnv) -> int:
    """Return the frame rate at which a film of an environment shows real time."""
    return int(env.metadata.get("render_fps") or DEFAULT_FPS)


def episode_frames(
    policy: Policy[Any],
    env: VectorEnv,
    *,
    seed: int,
    deterministic: bool = True,
    max_timesteps: int | None = None,
) -> Iterator[np.ndarray]:
    """Play one episode and yield a picture before every action, one per timestep of the episode.

    Args:
        policy: The policy that acts.
        env: A single environment with render mode `rgb_array`.
        seed: Seeds the episode.
        deterministic: Whether to take the most likely actions.
        max_timesteps: Maximum length of the episode.

    Yields:
        Pictures of shape (height, width, 3), uint8.
    """
    with policy.sampling(seed):
        rollout = start_rollout(policy, env, seed=seed, deterministic=deterministic)
        timestep, done = 0, False
        while not done and (max_timesteps is None or timestep < max_timesteps):
            yield picture(env)
            done = bool(rollout.step().ended[0])
            timestep += 1


def film_episodes(
    run: RunFolder,
    checkpoint: Checkpoint,
    path: Path,
    *,
    seed: int,
    n_episodes: int = 1,
    overrides: Sequence[str] = (),
) -> int:
    """Film episodes, one after another.

    Args:
        run: The run.
        checkpoint: Which of its checkpoints.
        path: The film to write.
        seed: Seeds the first episode; each further one has the next seed.
        n_episodes: Number of episodes.
        overrides: As for `acting_config`; the film's comment holds them.

    Returns:
        Number of frames, which is the number of timesteps of the episodes.
    """
    with open_policy(run, checkpoint, render_mode="rgb_array", overrides=overrides) as trained:
        deterministic = trained.config.evaluation.deterministic
        count = 0
        with film_of(trained.env, path, overrides) as film:
            for one in range(seed, seed + n_episodes):
                for frame in episode_frames(
                    trained.policy, trained.env, seed=one, deterministic=deterministic
                ):
                    film.write(frame)
                    count += 1
    return count


def film_learning(
    run: RunFolder, checkpoints: Sequence[Checkpoint], path: Path, *, overrides: Sequence[str] = ()
) -> int:
    """Film the start of an episode of every checkpoint, each with its timestep written on it.

    Args:
        run: The run.
        checkpoints: Which of its checkpoints, in this order.
        path: The film to write.
        overrides: As for `acting_config`; the film's comment holds them.

    Returns:
        Number of frames.
    """
    seed = acting_config(run, overrides).evaluation.seed
    count = 0
    with (
        open_policy(run, checkpoints[0], render_mode="rgb_array", overrides=overrides) as trained,
        film_of(trained.env, path, overrides) as film,
    ):
        for checkpoint in checkpoints:
            trained.load(checkpoint)
            text = f"{checkpoint.name}: {checkpoint.timestep:,} timesteps"
            frames = episode_frames(trained.policy, trained.env, seed=seed, max_timesteps=RECORDED_TIMESTEPS)
            for frame in frames:
                film.write(caption(frame, text))
                count += 1
    return count


def film_of(env: VectorEnv, path: Path, overrides: Sequence[str]) -> FilmWriter:
    """Open a film that shows real time and names the overrides with which it was made."""
    return FilmWriter(path, frames_per_second(env), comment=" ".join(overrides))


def picture(env: VectorEnv) -> np.ndarray:
    """Draw an environment with render mode `rgb_array`; shape (height, width, 3), uint8.

    Raises:
        RenderingUnavailable: It renders no pictures.
    """
    rendered: object = env.render()
    frame = rendered[0] if isinstance(rendered, tuple | list) else rendered
    if frame is None:
        raise RenderingUnavailable("the environment cannot be rendered: its render() returned None")
    return np.asarray(frame, dtype=np.uint8)
