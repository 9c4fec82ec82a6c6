"""Evaluates a finished policy and writes `eval.json`."""

import json
from typing import Any

from rl_pipeline.atomic import atomic_write
from rl_pipeline.run.checkpoints import Checkpoint
from rl_pipeline.run.evaluate import PREFIX, evaluate
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.trained_policy import open_policy, stored_config


def evaluate_checkpoint(
    run: RunFolder, checkpoint: Checkpoint, *, n_episodes: int | None = None, seed: int | None = None
) -> dict[str, Any]:
    """Evaluate a checkpoint and write the result to `eval.json` in the run's folder.

    Args:
        run: The run.
        checkpoint: Which of its checkpoints.
        n_episodes: Number of episodes; the configuration's by default.
        seed: Seed of the environments; the configuration's by default.

    Returns:
        What `eval.json` holds.
    """
    settings = stored_config(run).evaluation
    n_episodes = n_episodes or settings.num_episodes
    seed = settings.seed if seed is None else seed
    with open_policy(run, checkpoint, n_episodes=n_episodes) as trained:
        result = evaluate(
            trained.policy,
            trained.env,
            n_episodes=n_episodes,
            seed=seed,
            deterministic=settings.deterministic,
        )
    report = {
        "checkpoint": checkpoint.name,
        "timestep": checkpoint.timestep,
        "seed": seed,
        "deterministic": settings.deterministic,
        **{name.removeprefix(PREFIX): value for name, value in result.summary().items()},
        "returns": result.returns,
        "lengths": result.lengths,
    }
    with atomic_write(run.path / "eval.json", mode="w") as file:
        json.dump(report, file, indent=2)
    return report
