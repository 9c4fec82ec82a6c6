"""The writers of a run's records."""

import os
from collections.abc import Callable, Sequence

from rl_pipeline.config.schema import Config
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.training_state import Progression
from rl_pipeline.run.user_code import name_user_code
from rl_pipeline.tracking.csv_writer import CsvWriter
from rl_pipeline.tracking.tracker import Tracker
from rl_pipeline.tracking.writer import Writer

MakeWriter = Callable[[RunFolder], Writer]


def make_tracker(
    config: Config, folder: RunFolder, progression: Progression, make_writers: Sequence[MakeWriter] = ()
) -> Tracker:
    """Open every writer that the configuration enables; CSV files are always written.

    Args:
        config: The run's configuration.
        folder: Folder of the files.
        progression: Contains the id of the W&B run to resume, and gets the id of a new one.
        make_writers: Makes additional writers.
    """
    writers: list[Writer] = [
        CsvWriter(folder.path / "progress.csv"),
        CsvWriter(folder.path / "evaluations.csv", prefix="eval/"),
    ]
    if config.training.tensorboard:
        from rl_pipeline.tracking.tensorboard_writer import TensorboardWriter

        writers.append(TensorboardWriter(folder.path / "tensorboard"))
    if config.training.use_wandb:
        writers.append(_wandb_writer(config, folder, progression))
    return Tracker([*writers, *(make(folder) for make in make_writers)])


def _wandb_writer(config: Config, folder: RunFolder, progression: Progression) -> Writer:
    from rl_pipeline.tracking.wandb_writer import WandbWriter

    wandb = config.training.wandb
    config = name_user_code(config, folder)
    writer = WandbWriter(
        folder=folder.path,
        project=wandb.project,
        entity=wandb.entity,
        name=folder.name,
        group=wandb.group or f"{config.environment.id}-{config.training.algorithm}",
        tags=config.experiment.tags,
        config=config.model_dump(mode="json"),
        mode=os.environ.get("WANDB_MODE", wandb.mode),
        run_id=progression.wandb_id,
    )
    progression.wandb_id = writer.run_id
    return writer
