"""A sweep's folder and its files.

<sweep.folder>/<sweep.name>/
    sweep.yaml                     the resolved configuration
    study.journal                  the trials, unless `sweep.storage` names a database
    cluster.yaml  .jobs/           the cluster that trains the runs, if one does, and its jobs
    code/                          copies of users' files that the configuration names
    trial_<number>_<parameters>/   one for each trial
        trial.yaml                 the experiment of this trial
        seed_<seed>.log .job       output of each run, and the process that ran it
        <name>_<number>_seed_<seed>/   an ordinary run for each seed; see `rl_pipeline/run/folder.py`
    requests/                      requests of other commands to the driver

No file contains the path of the folder, so the folder may be moved while no driver and no run is active.
"""

import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rl_pipeline.atomic import atomic_write, remove_leftovers
from rl_pipeline.config.errors import nearest
from rl_pipeline.config.loading import load_config_mapping
from rl_pipeline.config.schema import Config, dump_config
from rl_pipeline.config.sweep import Sweep
from rl_pipeline.config.yaml_reader import read_yaml
from rl_pipeline.errors import RefusedError, UserError
from rl_pipeline.run.conclusion import shown
from rl_pipeline.run.folder import DATE, RunFolder, locked_folder
from rl_pipeline.run.kept_code import keep_user_code
from rl_pipeline.run.locate import DEFAULT_ROOT, NotFoundError
from rl_pipeline.run.trust import require_trust
from rl_pipeline.run.user_code import find_user_code, name_user_code
from rl_pipeline.search.slurm_record import FOLDER

MAX_TRIAL_NAME = 120


class SweepBusyError(UserError):
    """Raised when another driver runs the sweep."""


@dataclass(frozen=True)
class SweepFolder:
    """Paths of one sweep.

    Attributes:
        path: The folder itself.
    """

    path: Path

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def config(self) -> Path:
        """The resolved configuration."""
        return self.path / "sweep.yaml"

    @property
    def cluster(self) -> Path:
        """The profile of the cluster that trains the runs; missing if this machine trains them."""
        return self.path / "cluster.yaml"

    @property
    def journal(self) -> Path:
        """The study, unless a database stores it."""
        return self.path / "study.journal"

    @property
    def jobs(self) -> Path:
        """The folder of the records of a cluster's jobs, where `rl-pipeline jobs` finds them."""
        return self.path / FOLDER

    @property
    def requests(self) -> Path:
        """The folder of other commands' requests to the driver."""
        return self.path / "requests"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the sweep for this driver; the lock always ends with the process.

        Raises:
            SweepBusyError: Another driver holds it.
            OSError: The file system has no locks.
        """
        remedy = f"wait for it, or stop it with: rl-pipeline sweep stop {shown(self.path)}"
        busy = SweepBusyError(f"{shown(self.path)} already has a driver; {remedy}")
        with locked_folder(self.path, busy):
            yield

    def is_locked(self) -> bool:
        """Return whether a driver is running."""
        try:
            with self.locked():
                return False
        except SweepBusyError:
            return True

    def load(self) -> Config:
        """Load the configuration.

        Raises:
            ConfigError: It is damaged, or it was downloaded and its code is not trusted.
        """
        mapping = read_yaml(self.config).mapping
        config = find_user_code(load_config_mapping(mapping, file=self.config).config, RunFolder(self.path))
        require_trust(config, self.path)
        return config

    def save(self, config: Config) -> None:
        """Write the configuration, with paths that stay valid if the folder is moved."""
        with atomic_write(self.config, mode="w") as file:
            file.write(dump_config(name_user_code(config, RunFolder(self.path))))

    def ask(self, what: str, **details: object) -> None:
        """Write a request to the driver."""
        self.requests.mkdir(exist_ok=True)
        with atomic_write(self.requests / f"{what}_{secrets.token_hex(6)}.json", mode="w") as file:
            json.dump(details, file)

    def asked(self, what: str) -> list[Path]:
        """List the requests of a kind."""
        return sorted(self.requests.glob(f"{what}_*.json"))


def sweep_of(config: Config) -> Sweep:
    """Return the section `sweep` of a configuration that has one."""
    assert config.sweep is not None
    return config.sweep


def create_sweep_folder(config: Config) -> tuple[SweepFolder, Config]:
    """Make the folder of a new sweep.

    Returns:
        The folder, and the configuration in it.

    Raises:
        RefusedError: A sweep of this name exists.
        ConfigError: Code that the configuration names cannot be copied into the folder.
        OSError: The folder cannot be made.
    """
    sweep = sweep_of(config)
    name = sweep.name or f"{config.experiment.name}_{datetime.now():%Y-%m-%d_%H-%M-%S}"
    folder = SweepFolder(Path(sweep.folder or config.experiment.folder).resolve() / name)
    try:
        folder.path.mkdir(parents=True)
    except FileExistsError as error:
        remedy = f"resume it with --resume {shown(folder.path)}, or give another sweep.name"
        raise RefusedError(f"{shown(folder.path)} already exists; {remedy}") from error
    with folder.locked():
        try:
            config = keep_user_code(config, RunFolder(folder.path))
            config = config.model_copy(update={"sweep": sweep_of(config).model_copy(update={"name": name})})
            folder.save(config)
        finally:
            if not folder.config.exists():
                _remove_empty(folder.path)
    return folder, config


def _remove_empty(path: Path) -> None:
    (path / ".lock").unlink(missing_ok=True)
    remove_leftovers(path)
    if not any(path.iterdir()):
        path.rmdir()


def find_sweeps(root: Path) -> list[SweepFolder]:
    """List all sweeps in a folder such as `experiments`, oldest first."""
    folders = [SweepFolder(path.parent.resolve()) for path in root.glob("*/sweep.yaml")]
    return sorted(folders, key=lambda folder: (folder.config.stat().st_mtime, folder.name))


def find_sweep(name: str, root: Path = DEFAULT_ROOT) -> SweepFolder:
    """Find a sweep.

    Args:
        name: Its folder; its name below `root`, with or without the date (then the newest); or `auto`, the newest.
        root: The root of all sweeps.

    Raises:
        NotFoundError: The sweep does not exist.
    """
    path = Path(name).expanduser()
    if (path / "sweep.yaml").is_file():
        return SweepFolder(path.resolve())
    sweeps = find_sweeps(root)
    matching = [one for one in sweeps if name in ("auto", one.name, DATE.sub("", one.name))]
    if matching:
        return matching[-1]
    names = [one.name for one in sweeps]
    close = nearest(name, names)
    hint = f" Did you mean '{close}'?" if close else ""
    raise NotFoundError(f"no sweep '{name}'. Sweeps in {root}: {', '.join(names[-10:]) or 'none yet'}.{hint}")


def trial_name(number: int, parameters: dict[str, object]) -> str:
    """Return the name of a trial's folder, e.g. `trial_3_learning_rate=0.001`, valid on all file systems."""
    parts = [f"{key.rpartition('.')[2]}={_short(value)}" for key, value in parameters.items()]
    safe = re.sub(r"[^\w.+=-]+", "-", "_".join([f"trial_{number}", *parts]))
    return safe.encode()[:MAX_TRIAL_NAME].decode(errors="ignore").rstrip("._-")


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return "-".join(map(_short, value))
    return str(value)
