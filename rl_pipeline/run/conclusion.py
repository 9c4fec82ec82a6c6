"""What follows a training: evaluate the best policy, film it, say where everything lies and what to type next."""

import logging
import os
from pathlib import Path

from rl_pipeline.config.schema import Config
from rl_pipeline.rendering.gl import RenderingUnavailable
from rl_pipeline.run.films import film_episode
from rl_pipeline.run.final_evaluation import evaluate_checkpoint
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.locate import choose_checkpoint

logger = logging.getLogger(__name__)


def conclude(run: RunFolder, config: Config) -> str:
    """Evaluate and film the best policy of a finished run.

    Returns:
        The text that a user reads at the end.
    """
    checkpoint = choose_checkpoint(run)
    report = evaluate_checkpoint(run, checkpoint)
    film = _film(run, config) if config.evaluation.video else None
    folder = shown(run.path)
    success = f", success {report['success_rate']:.0%}" if "success_rate" in report else ""
    lines = [
        f"Checkpoint '{checkpoint.name}' (timestep {checkpoint.timestep:,}): "
        f"mean return {report['mean_reward']:,.1f} +- {report['std_reward']:,.1f} "
        f"over {len(report['returns'])} episodes{success}",
        "",
        f"Everything lies in   {folder}",
        "  curves             progress.png, progress.csv, tensorboard/",
        f"  film               {film.relative_to(run.path) if film else 'none'}",
        "  policy             model.zip (loads with stable_baselines3), checkpoints/",
        "",
        "What next:",
        f"  watch it           rl-pipeline play {folder} --render human",
        f"  film its learning  rl-pipeline record {folder}",
        f"  evaluate it        rl-pipeline eval {folder} --episodes 20",
        f"  train it longer    rl-pipeline train --resume {folder} "
        f"training.training.total_timesteps={2 * config.training.training.total_timesteps}",
        "(`source .venv/bin/activate` once makes `rl-pipeline` known to your shell.)",
    ]
    return "\n".join(lines)


def shown(path: Path) -> str:
    """Write a path the short way: relative to the working folder where it lies below it."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def _film(run: RunFolder, config: Config) -> Path | None:
    """Film the best policy; without a renderer a training is still a success."""
    checkpoint = choose_checkpoint(run)
    path = run.videos / f"{checkpoint.name}.mp4"
    try:
        film_episode(run, checkpoint, path, seed=config.evaluation.seed)
    except RenderingUnavailable as error:
        logger.warning("no film was made: %s", error)
        return None
    return path
