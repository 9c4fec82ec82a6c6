"""Gait evaluation of a checkpoint: figures, tables, numbers and films in the run's folder `gait`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rl_pipeline.atomic import atomic_write
from rl_pipeline.plotting.gait_figure import plot_gait, write_gait
from rl_pipeline.rendering.film import caption
from rl_pipeline.run.checkpoints import Checkpoint
from rl_pipeline.run.films import episode_frames, film_of
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.gait.numbers import gait_numbers
from rl_pipeline.run.gait.panels import gait_of, gait_panels
from rl_pipeline.run.gait.recording import motion_batch, record_walks
from rl_pipeline.run.trained_policy import TrainedPolicy, acting_config, open_policy

FOLDER = "gait"
N_WALKS = 20
"""Walks from different phases, as in DRLoco."""


@dataclass(frozen=True)
class GaitEvaluation:
    """The written files.

    Attributes:
        folder: The folder of the files.
        report: The content of `gait.json`.
        files: Figures, tables and films.
    """

    folder: Path
    report: dict[str, Any]
    files: tuple[Path, ...]


def evaluate_gait(
    run: RunFolder,
    checkpoint: Checkpoint,
    *,
    n_walks: int = N_WALKS,
    seed: int | None = None,
    film: bool = True,
    overrides: Sequence[str] = (),
) -> GaitEvaluation:
    """Compare the walks of a policy with its reference motions.

    Args:
        run: A run of `MotionImitation-v0`.
        checkpoint: Which of its checkpoints.
        n_walks: Number of walks of each motion, from evenly spaced phases.
        seed: Seed of the environments; the configuration's by default.
        film: Whether to film a walk of each motion beside its reference.
        overrides: As for `acting_config`.

    Raises:
        RefusedError: The run has another task.
        RenderingUnavailable: A film is requested, and this machine cannot render.
    """
    settings = acting_config(run, overrides).evaluation
    seed = settings.seed if seed is None else seed
    folder = run.path / FOLDER
    report: dict[str, Any] = {"checkpoint": checkpoint.name, "timestep": checkpoint.timestep, "seed": seed}
    report["overrides"] = list(overrides)
    report["deterministic"], report["motions"] = settings.deterministic, {}
    files: list[Path] = []
    with open_policy(run, checkpoint, n_episodes=n_walks, overrides=overrides) as trained:
        batch, task = motion_batch(trained)
        folder.mkdir(exist_ok=True)
        names = [motion.name for motion in task.reference.motions]
        for motion, name in enumerate(names):
            walks = record_walks(trained, motion, n_walks, seed=seed, deterministic=settings.deterministic)
            gait = gait_of(task, batch.model, motion, walks)
            panels = gait_panels(gait)
            numbers = gait_numbers(gait, panels)
            report["motions"][name] = numbers
            title = f"{run.name}  ·  {checkpoint.name}, {checkpoint.timestep:,} timesteps  ·  {name}"
            plot_gait(panels, title, summary(numbers), folder / f"{name}.png")
            write_gait(panels, folder / f"{name}.csv")
            files += [folder / f"{name}.png", folder / f"{name}.csv"]
    if film:
        with open_policy(run, checkpoint, render_mode="rgb_array", overrides=overrides) as trained:
            for motion, name in enumerate(names):
                _film(trained, motion, folder / f"{name}.mp4", f"{name}, {checkpoint.name}", seed, overrides)
                files.append(folder / f"{name}.mp4")
    with atomic_write(folder / "gait.json", mode="w") as file:
        json.dump(report, file, indent=2)
    return GaitEvaluation(folder, report, tuple(files))


def summary(numbers: dict[str, Any]) -> str:
    """Return the main numbers of a motion as lines of text."""
    lines = [
        f"{numbers['stable_walks']} of {numbers['n_walks']} walks are stable",
        f"distance {numbers['mean_distance']:.2f} m (least {numbers['min_distance']:.2f} m)",
        f"speed {numbers['mean_speed']:.2f} m/s (reference {numbers['reference_speed']:.2f} m/s)",
        f"duration {numbers['mean_seconds']:.2f} s",
        f"error of joints {numbers['error_joints']:.3f} rad, of bodies {numbers['error_bodies']:.3f} m",
    ]
    lines += [
        f"{foot} on the ground {share:.0%} (reference {numbers['reference_stance'][foot]:.0%})"
        for foot, share in numbers["stance"].items()
    ]
    lines += [f"{numbers['n_strides']} strides: mean, standard deviation", "dashed: reference"]
    return "\n".join(lines)


def _film(
    trained: TrainedPolicy, motion: int, path: Path, text: str, seed: int, overrides: Sequence[str]
) -> None:
    """Film one walk from the first frame of a motion, with the reference as a ghost."""
    _, task = motion_batch(trained)
    task.shows_ghost = True
    task.next_starts.append((motion, 0))
    deterministic = trained.config.evaluation.deterministic
    with film_of(trained.env, path, overrides) as film:
        for frame in episode_frames(trained.policy, trained.env, seed=seed, deterministic=deterministic):
            film.write(caption(frame, text))
