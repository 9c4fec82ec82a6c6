"""Evaluation of a trained policy; writes `eval.json`."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gymnasium.vector import VectorEnv

from rl_pipeline.atomic import atomic_write
from rl_pipeline.rendering.gl import require_display
from rl_pipeline.run.checkpoints import Checkpoint
from rl_pipeline.run.evaluate import PREFIX, evaluate
from rl_pipeline.run.films import film_of, picture
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.trained_policy import acting_config, open_policy


def evaluate_checkpoint(
    run: RunFolder,
    checkpoint: Checkpoint,
    *,
    n_episodes: int | None = None,
    seed: int | None = None,
    overrides: Sequence[str] = (),
    window: bool = False,
    film: Path | None = None,
) -> dict[str, Any]:
    """Evaluate a checkpoint and write the result to `eval.json` in the run's folder.

    Args:
        run: The run.
        checkpoint: Which of its checkpoints.
        n_episodes: Number of episodes; the configuration's by default.
        seed: Seed of the environments; the configuration's by default.
        overrides: As for `acting_config`.
        window: Whether to show the episodes, which are then played in one environment.
        film: The film of the episodes to write; they are then played in one environment, too.

    Returns:
        The content of `eval.json`.

    Raises:
        ConfigError: An override is refused.
        RenderingUnavailable: A window or film is requested, and this machine cannot render.
    """
    if window:
        require_display()
    settings = acting_config(run, overrides).evaluation
    n_episodes = n_episodes or settings.num_episodes
    seed = settings.seed if seed is None else seed
    render_mode = "human" if window else "rgb_array" if film else None
    with (
        open_policy(
            run, checkpoint, n_episodes=n_episodes, render_mode=render_mode, overrides=overrides
        ) as trained,
        watched(trained.env, window, film, overrides) as look,
    ):
        result = evaluate(
            trained.policy,
            trained.env,
            n_episodes=n_episodes,
            seed=seed,
            deterministic=settings.deterministic,
            look=look,
        )
    report = {
        "checkpoint": checkpoint.name,
        "timestep": checkpoint.timestep,
        "overrides": list(overrides),
        "seed": seed,
        "deterministic": settings.deterministic,
        **{name.removeprefix(PREFIX): value for name, value in result.summary().items()},
        "returns": result.returns,
        "lengths": result.lengths,
    }
    with atomic_write(run.path / "eval.json", mode="w") as file:
        json.dump(report, file, indent=2)
    return report


@contextmanager
def watched(
    env: VectorEnv, window: bool, film: Path | None, overrides: Sequence[str]
) -> Iterator[Callable[[], object] | None]:
    """Return the function that shows or films an environment before a step; None for neither."""
    if film is not None:
        with film_of(env, film, overrides) as writer:
            yield lambda: writer.write(picture(env))
    else:
        yield env.render if window else None
