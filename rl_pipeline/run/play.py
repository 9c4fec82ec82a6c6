"""Lets a trained policy act, in a window or without one, or films it."""

from collections.abc import Callable
from pathlib import Path

from rl_pipeline.rendering.gl import RenderingUnavailable, has_display
from rl_pipeline.run.checkpoints import Checkpoint
from rl_pipeline.run.evaluate import Actor, Evaluation
from rl_pipeline.run.films import film_episode
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.random_state import seed_sampling
from rl_pipeline.run.trained_policy import open_policy


def play(
    run: RunFolder,
    checkpoint: Checkpoint,
    *,
    window: bool,
    n_episodes: int | None,
    seed: int,
    report: Callable[[Evaluation], None],
) -> Evaluation:
    """Act in one environment and report every episode.

    Args:
        run: The run.
        checkpoint: Which of its checkpoints.
        window: Whether to show it.
        n_episodes: After how many episodes to stop; None goes on until interrupted.
        seed: Seeds the episodes.
        report: Gets all episodes so far whenever one has ended.

    Raises:
        RenderingUnavailable: There is no display for a window.
    """
    if window:
        _require_display()
    result = Evaluation()
    with open_policy(run, checkpoint, render_mode="human" if window else None) as policy:
        seed_sampling(seed)
        actor = Actor(policy.model, policy.env, deterministic=policy.config.evaluation.deterministic)
        observations, _ = policy.env.reset(seed=seed)
        while n_episodes is None or len(result.returns) < n_episodes:
            if window:
                policy.env.render()
            observations, _, terminated, truncated, infos = policy.env.step(actor.act(observations))
            actor.observe_ends(terminated | truncated)
            if terminated[0] or truncated[0]:
                result.add(infos["episode"], 0)
                report(result)
    return result


def play_to_film(run: RunFolder, checkpoint: Checkpoint, path: Path | None, *, seed: int) -> tuple[Path, int]:
    """Film one episode.

    Args:
        run: The run.
        checkpoint: Which of its checkpoints.
        path: The film to write; by default one below the run's `videos`.
        seed: Seeds the episode.

    Returns:
        The film and its number of frames.
    """
    path = path or run.videos / f"{checkpoint.name}_seed_{seed}.mp4"
    return path, film_episode(run, checkpoint, path, seed=seed)


def _require_display() -> None:
    """Refuse a window where there is none to be had; without a display GLFW ends the whole process."""
    if not has_display():
        raise RenderingUnavailable(
            "there is no display for a window (neither DISPLAY nor WAYLAND_DISPLAY is set); "
            "film the episode instead: leave --render human out"
        )
