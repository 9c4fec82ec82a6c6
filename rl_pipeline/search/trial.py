"""A trial: its runs, as stored in the study, and the experiment that they train."""

import json
import sys
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from rl_pipeline.atomic import atomic_write
from rl_pipeline.config.loading import load_config_mapping
from rl_pipeline.config.schema import Config, dump_config
from rl_pipeline.config.yaml_reader import parse_yaml
from rl_pipeline.run.checkpoint_store import CheckpointStore, named_timestep
from rl_pipeline.run.folder import RunBusyError, RunFolder
from rl_pipeline.run.metadata import read_metadata
from rl_pipeline.search.folder import sweep_of, trial_name
from rl_pipeline.search.launcher import Work
from rl_pipeline.search.objective import RunData
from rl_pipeline.tracking.csv_file import read_series

CONFIG = "trial.yaml"
TAIL_LINES = 15
RunStatus = Literal["waiting", "running", "finished", "failed", "stopped"]


@dataclass
class TrialRun:
    """One run of a trial.

    Attributes:
        seed: Its seed.
        folder: Its folder, relative to the sweep's.
        status: `waiting` before it starts or is resumed; `stopped` when its trial does not need it any more.
        job: The launcher's identifier of its process.
        values: Its value of each objective, once it is finished; None if only a whole trial has values.
        minutes: How long it was trained.
    """

    seed: int
    folder: str
    status: RunStatus = "waiting"
    job: str | None = None
    values: list[float] | None = None
    minutes: float | None = None

    def is_finished(self, root: Path) -> bool:
        """Return whether its training has finished and was concluded."""
        return read_metadata(RunFolder(root / self.folder)).get("status") == "finished"

    def is_busy(self, root: Path) -> bool:
        """Return whether a process trains it, either ours or one that a user started."""
        folder = RunFolder(root / self.folder)
        if not folder.path.exists():
            return False
        try:
            with folder.locked():
                return False
        except RunBusyError:
            return True

    def newest_timestep(self, root: Path) -> int:
        """Return the timestep of its newest checkpoint, 0 if there is none."""
        steps = CheckpointStore(root / self.folder / "checkpoints").steps()
        return named_timestep(steps[-1]) if steps else 0


@dataclass
class Trial:
    """A running trial of the study.

    Attributes:
        number: Its number.
        id: Its identifier in the storage.
        parameters: Its values.
        name: The name of its folder.
        runs: One for each seed.
        ending: Final state after its jobs have ended: `PRUNED` or `FAIL`; None while it runs.
        error: Why it failed.
    """

    number: int
    id: int
    parameters: dict[str, object]
    name: str
    runs: list[TrialRun] = field(default_factory=list)
    ending: str | None = None
    error: str | None = None

    @property
    def title(self) -> str:
        """Its title in messages, e.g. `trial 3 (learning_rate=0.001)`."""
        shown = [f"{key.rpartition('.')[2]}={_text(value)}" for key, value in self.parameters.items()]
        return f"trial {self.number}" + (f" ({', '.join(shown)})" if shown else "")

    def log(self, run: TrialRun) -> str:
        """Return the log of a run, relative to the sweep's folder."""
        return f"{self.name}/seed_{run.seed}.log"

    def work(self, root: Path, run: TrialRun, sweep_name: str) -> Work:
        """Return the command that trains a run, from its newest checkpoint or from the start."""
        config, folder = root / self.name / CONFIG, root / run.folder
        command = [sys.executable, "-m", "rl_pipeline", "train", "--config", str(config)]
        command += ["--resume", "auto", "--folder", str(folder), f"experiment.seed={run.seed}"]
        return Work(f"{sweep_name}_{self.number}_seed_{run.seed}", tuple(command), root / self.log(run))

    def tail(self, root: Path, run: TrialRun) -> str:
        """Return the last lines that a run printed."""
        try:
            with (root / self.log(run)).open(errors="replace") as log:
                return "".join(deque(log, TAIL_LINES)).strip()
        except OSError as error:
            return f"its log cannot be read: {error}"

    def data(self, root: Path, run: TrialRun) -> RunData:
        """Read what a run has recorded so far."""
        return RunData(
            root / run.folder, run.seed, self.parameters, read_series(root / run.folder / "progress.csv")
        )

    def plain_runs(self) -> list[dict[str, Any]]:
        """Return the runs in the form of the storage."""
        return [asdict(run) for run in self.runs]


def make_trial(
    number: int,
    trial_id: int,
    parameters: dict[str, object],
    attributes: Mapping[str, Any],
    sweep_name: str,
    seeds: list[int],
) -> Trial:
    """Make a trial, new or from the storage."""
    name = attributes.get("name") or trial_name(number, parameters)
    prefix = f"{name}/{sweep_name}_{number}_seed_"
    runs = attributes.get("runs") or [asdict(TrialRun(seed, f"{prefix}{seed}")) for seed in seeds]
    trial = Trial(number, trial_id, parameters, name, [TrialRun(**run) for run in runs])
    trial.ending, trial.error = attributes.get("ending"), attributes.get("error")
    return trial


def trial_config(config: Config, parameters: Mapping[str, object], number: int) -> Config:
    """Return the experiment of a trial.

    Args:
        config: The sweep's configuration.
        parameters: The values of the trial.
        number: Its number.

    Raises:
        ConfigError: The values do not fit the experiment.
    """
    sweep = sweep_of(config)
    overrides = [f"{key}={json.dumps(value)}" for key, value in parameters.items()]
    if sweep.budget.timesteps is not None:
        overrides.append(f"training.training.total_timesteps={sweep.budget.timesteps}")
    if sweep.budget.minutes is not None:
        overrides.append(f"training.training.max_minutes={sweep.budget.minutes}")
    group = config.training.wandb.group or sweep.name
    overrides += [
        f"experiment.name={json.dumps(f'{sweep.name}_{number}')}",
        f"training.wandb.group={json.dumps(group)}",
    ]
    mapping = parse_yaml(dump_config(config.model_copy(update={"sweep": None})), "").mapping
    return load_config_mapping(mapping, overrides).config


def write_trial_config(folder: Path, config: Config) -> Path:
    """Write `trial.yaml` to the folder of a trial, which is created.

    Raises:
        OSError: The disk is full.
    """
    folder.mkdir(exist_ok=True)
    file = folder / CONFIG
    with atomic_write(file, mode="w") as stream:
        stream.write(dump_config(config))
    return file


def _text(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
