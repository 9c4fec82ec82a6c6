"""Conclusion of a training: evaluates the best policy, films it, and prints the results and the next commands."""

import logging
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rl_pipeline.config.errors import ConfigError
from rl_pipeline.config.schema import Config
from rl_pipeline.learners.learner import MODEL, POLICY, VEC_NORMALIZE
from rl_pipeline.learners.registry import learner_class
from rl_pipeline.rendering.film import FilmError
from rl_pipeline.rendering.gl import RenderingUnavailable
from rl_pipeline.run.checkpoints import Checkpoint
from rl_pipeline.run.films import film_episodes
from rl_pipeline.run.final_evaluation import evaluate_checkpoint
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.locate import choose_checkpoint
from rl_pipeline.run.metadata import update_metadata
from rl_pipeline.run.portable import portable_run
from rl_pipeline.run.rl_trainer import TrainingResult
from rl_pipeline.tracking.tracker import Tracker

logger = logging.getLogger(__name__)


def conclude(
    run: RunFolder,
    config: Config,
    result: TrainingResult,
    tracker: Tracker,
    export: Callable[[RunFolder], None] | None = None,
) -> str:
    """Evaluate and film the best policy of a finished run, and hand films and policies to the trackers.

    Args:
        run: The run.
        config: Its configuration.
        result: How its training ended.
        tracker: Receives films and policies.
        export: Exports the newest policy.

    Returns:
        The final message for the user.
    """
    reason = f" ({result.reason})" if result.reason else ""
    head = f"Training {result.status} at timestep {result.timestep:,}{reason}"
    if result.status == "stopped":
        return f"{head}\nEverything is saved. Resume with: rl-pipeline train --resume {shown(run.path)}"
    checkpoint = choose_checkpoint(run)
    report = evaluate_checkpoint(run, checkpoint)
    film = (
        _film(run, config, checkpoint)
        if config.evaluation.video and config.environment.traits.renders
        else None
    )
    if film is not None:
        tracker.film("video/final", film, result.timestep)
    if export is not None:
        export(run)
    with portable_run(run) as folder:
        update_metadata(RunFolder(folder), status=result.status)  # the copy in this folder is complete
        tracker.artifact("final", folder, result.timestep, "model")
    return "\n".join(
        [head, _score(checkpoint, report), "", *_where(run, config, film), "", *_next_steps(run, config)]
    )


def _score(checkpoint: Checkpoint, report: Mapping[str, Any]) -> str:
    success = f", success {report['success_rate']:.0%}" if "success_rate" in report else ""
    return (
        f"Checkpoint '{checkpoint.name}' (timestep {checkpoint.timestep:,}): "
        f"mean return {report['mean_reward']:,.1f} +- {report['std_reward']:,.1f} "
        f"over {len(report['returns'])} episodes{success}"
    )


def _where(run: RunFolder, config: Config, film: Path | None) -> list[str]:
    tensorboard = ", tensorboard/" if config.training.tensorboard else ""
    return [
        f"Results              {shown(run.path)}",
        f"  curves             progress.png, progress.csv{tensorboard}",
        f"  film               {film.relative_to(run.path) if film else 'none'}",
        f"  policy             {_newest_policy(run)} (the newest), checkpoints/",
    ]


def _newest_policy(run: RunFolder) -> str:
    files = [run.path / name for name in (MODEL, VEC_NORMALIZE, POLICY)]
    *names, last = [file.name for file in (*files, run.exported) if file.exists()]
    return f"{', '.join(names)} and {last}" if names else last


def _next_steps(run: RunFolder, config: Config) -> list[str]:
    folder = shown(run.path)
    twice = 2 * config.training.training.total_timesteps
    activate = shown(Path(sys.prefix, "bin", "activate"))
    look = [
        f"  watch it           rl-pipeline play {folder} --render human",
        f"  film its learning  rl-pipeline record {folder}",
    ]
    elsewhere = [f"  use it elsewhere   rl-pipeline save-model {folder} --out best.zip"]
    return [
        f"What next (`source {activate}` once makes `rl-pipeline` known to your shell):",
        *(look if config.environment.traits.renders else []),
        f"  evaluate it        rl-pipeline eval {folder} --episodes 20",
        *(elsewhere if learner_class(config.training).stock_loader(config.training) else []),
        f"  train it longer    rl-pipeline train --resume {folder} training.training.total_timesteps={twice}",
    ]


def shown(path: Path) -> str:
    """Return the short form of a path: relative to the working folder if it is inside it."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def _film(run: RunFolder, config: Config, checkpoint: Checkpoint) -> Path | None:
    """Film a policy; if the environment cannot be filmed, the training still succeeds."""
    path = run.videos / f"{checkpoint.name}.mp4"
    try:
        film_episodes(run, checkpoint, path, seed=config.evaluation.seed)
    except (RenderingUnavailable, ConfigError, FilmError) as error:
        logger.warning("no film was made: %s", error)
        return None
    return path
