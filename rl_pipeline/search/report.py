"""The report of a sweep: one HTML page, its figures as PNG, and the best configurations as YAML."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import optuna

from rl_pipeline.atomic import atomic_write
from rl_pipeline.config.sweep import AtMinutes, MeanOfLast, Objective
from rl_pipeline.errors import RefusedError
from rl_pipeline.plotting.canvas import save
from rl_pipeline.run.conclusion import shown
from rl_pipeline.search.folder import SweepFolder, sweep_of
from rl_pipeline.search.report_curves import learning_curves, reported_values
from rl_pipeline.search.report_data import Results, results_of
from rl_pipeline.search.report_figures import history, importance, parallel_coordinates, pareto_front, slices
from rl_pipeline.search.report_page import BestFile, Picture, page
from rl_pipeline.search.study import open_study_storage

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAGE = "report.html"
FIGURES = "report"
"""Folder of the figures, in that of the sweep."""
BEST = "best"
MAX_BEST_FILES = 12
"""Maximum number of trials of a Pareto front, which may hold all trials."""

_NOTHING_FINISHED = "no trial has finished yet"


def write_report(folder: Path) -> Path:
    """Write the report of a sweep to its folder, even while the search runs.

    Args:
        folder: The sweep's folder.

    Returns:
        The page.

    Raises:
        RefusedError: The sweep has no trial yet, or its database cannot be reached.
        OSError: The folder cannot be written.
    """
    sweep_folder = SweepFolder(folder)
    sweep = sweep_of(sweep_folder.load())
    storage = open_study_storage(sweep_folder, sweep)
    if sweep.name not in [study.study_name for study in storage.get_all_studies()]:
        raise RefusedError(f"{shown(folder)} has no trial yet")
    study = optuna.load_study(study_name=sweep.name, storage=storage)
    return write_study_report(study, folder, [objective_name(one) for one in sweep.objectives])


def write_study_report(study: optuna.Study, folder: Path, names: Sequence[str] = ()) -> Path:
    """Write the report of a study into a folder.

    Args:
        study: The study.
        folder: The sweep's folder, to which the folders of trials and runs are relative.
        names: Names of the objectives; empty takes those of the study.

    Returns:
        The page.

    Raises:
        OSError: The folder cannot be written.
    """
    results = results_of(study, names)
    (folder / FIGURES).mkdir(exist_ok=True)
    pictures = _pictures(results, folder)
    best = _write_best(results, folder)
    written = f"Written by rl-pipeline sweep report, {datetime.now():%Y-%m-%d %H:%M}"
    path = folder / PAGE
    with atomic_write(path, mode="w") as file:
        file.write(page(results, pictures, best, written))
    return path


def objective_name(objective: Objective) -> str:
    """Return a short name of an objective, e.g. `eval/mean_reward after 2 minutes`."""
    at = objective.at
    if ":" in objective.metric:
        return objective.metric.rpartition(":")[2]
    if isinstance(at, MeanOfLast):
        return f"{objective.metric}, mean of the last {at.last}"
    if isinstance(at, AtMinutes):
        return f"{objective.metric} after {at.minutes:g} minutes"
    return f"best {objective.metric}" if at == "best" else objective.metric


def _pictures(results: Results, folder: Path) -> list[Picture]:
    """Draw all figures."""
    several = len(results.objectives) > 1
    drawn: list[tuple[str, str, Callable[[], Figure | str]]] = []
    if several:
        drawn.append(("pareto_front", "Pareto front", partial(pareto_front, results)))
    for index, objective in enumerate(results.objectives):
        end, of = (f"_{index + 1}", f" of {objective.name}") if several else ("", "")
        drawn += [
            (f"history{end}", f"History{of}", partial(history, results, index)),
            (f"importance{end}", f"Importance{of}", partial(importance, results, index)),
            (f"parallel{end}", f"Parallel coordinates{of}", partial(parallel_coordinates, results, index)),
            (f"slices{end}", f"Slices{of}", partial(slices, results, index)),
        ]
    drawn.append(("curves", "Learning curves", partial(learning_curves, results, folder)))
    drawn.append(("reported", "Values reported to the pruner", partial(reported_values, results)))
    return [_picture(results, folder / FIGURES / f"{name}.png", title, draw) for name, title, draw in drawn]


def _picture(results: Results, file: Path, title: str, draw: "Callable[[], Figure | str]") -> Picture:
    needs_values = file.stem not in ("curves", "reported")
    figure = _NOTHING_FINISHED if needs_values and not results.finished else draw()
    if isinstance(figure, str):
        file.unlink(missing_ok=True)
        return Picture(title, None, figure)
    save(figure, file)
    return Picture(title, file, is_wide=file.stem.startswith("parallel"))


def _write_best(results: Results, folder: Path) -> list[BestFile]:
    """Write the configurations of the best trials: `best.yaml`, or one for each trial of a Pareto front."""
    for old in folder.glob(f"{BEST}*.yaml"):
        old.unlink()
    several = len(results.objectives) > 1
    files = []
    for number in results.best[:MAX_BEST_FILES]:
        row = results.rows[number]
        source = folder / row.folder / "trial.yaml"
        if not row.folder or not source.is_file():
            continue
        path = folder / (f"{BEST}_trial_{number}.yaml" if several else f"{BEST}.yaml")
        values = ", ".join(
            f"{one.name} {value:.6g}" for one, value in zip(results.objectives, row.values, strict=True)
        )
        text = f"# Trial {number} of {results.name}: {values}\n{source.read_text(encoding='utf-8')}"
        with atomic_write(path, mode="w") as file:
            file.write(text)
        files.append(BestFile(number, path.name, text, f"rl-pipeline train --config {path.name}"))
    return files
