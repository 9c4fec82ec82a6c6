"""Playing of a trained policy, in a window, without one, or for a film."""

from collections.abc import Callable, Sequence
from pathlib import Path

from rl_pipeline.rendering.gl import require_display
from rl_pipeline.run.checkpoints import Checkpoint
from rl_pipeline.run.evaluate import Evaluation, start_rollout
from rl_pipeline.run.films import film_episodes
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.overrides import file_suffix
from rl_pipeline.run.trained_policy import open_policy


def play(
    run: RunFolder,
    checkpoint: Checkpoint,
    *,
    window: bool,
    n_episodes: int | None,
    seed: int,
    report: Callable[[Evaluation], None],
    overrides: Sequence[str] = (),
) -> Evaluation:
    """Act in one environment and report every episode.

    Args:
        run: The run.
        checkpoint: Which of its checkpoints.
        window: Whether to show it.
        n_episodes: Number of episodes; None continues until interrupted.
        seed: Seeds the episodes.
        report: Called after each episode with all episodes so far.
        overrides: As for `acting_config`.

    Raises:
        RenderingUnavailable: No display is available for a window.
    """
    if window:
        require_display()
    result = Evaluation()
    render_mode = "human" if window else None
    with (
        open_policy(run, checkpoint, render_mode=render_mode, overrides=overrides) as trained,
        trained.policy.sampling(seed),
    ):
        deterministic = trained.config.evaluation.deterministic
        rollout = start_rollout(trained.policy, trained.env, seed=seed, deterministic=deterministic)
        while n_episodes is None or len(result.returns) < n_episodes:
            if window:
                trained.env.render()
            transition = rollout.step()
            if transition.ended[0]:
                result.add(transition.infos["episode"], 0)
                report(result)
    return result


def play_to_film(
    run: RunFolder,
    checkpoint: Checkpoint,
    path: Path | None,
    *,
    seed: int,
    n_episodes: int = 1,
    overrides: Sequence[str] = (),
) -> tuple[Path, int]:
    """Film episodes.

    Args:
        run: The run.
        checkpoint: Which of its checkpoints.
        path: The film to write; by default one below the run's `videos`.
        seed: Seeds the first episode; each further one has the next seed.
        n_episodes: Number of episodes.
        overrides: As for `acting_config`.

    Returns:
        The film and its number of frames.
    """
    path = path or run.videos / f"{checkpoint.name}_seed_{seed}{file_suffix(overrides)}.mp4"
    return path, film_episodes(run, checkpoint, path, seed=seed, n_episodes=n_episodes, overrides=overrides)
