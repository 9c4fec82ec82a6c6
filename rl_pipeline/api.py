"""The Python interface: train from a script or a notebook, and use finished runs."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gymnasium.vector import VectorEnv

from rl_pipeline.commands.train import train_and_conclude
from rl_pipeline.config.loading import DEFAULT_FILE, load_config, load_config_mapping
from rl_pipeline.config.schema import Config
from rl_pipeline.config.yaml_reader import read_yaml
from rl_pipeline.policies.loading import load_policy
from rl_pipeline.policies.policy import StandalonePolicy
from rl_pipeline.run.checkpoints import Checkpoint
from rl_pipeline.run.environments import make_training_env
from rl_pipeline.run.final_evaluation import evaluate_checkpoint
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.locate import DEFAULT_ROOT, choose_checkpoint, find_run
from rl_pipeline.run.metadata import read_metadata
from rl_pipeline.run.overview import status_of
from rl_pipeline.run.plan import Plan, plan_for, plan_new, plan_resume
from rl_pipeline.run.preflight import CHECKS
from rl_pipeline.tracking.csv_file import TIMESTEP, Series, read_series

if TYPE_CHECKING:
    import pandas

Overrides = Mapping[str, object]
"""Changes to a configuration by dotted key, such as `{"experiment.seed": 1}`."""


class Run:
    """A run in its folder, finished or still being trained.

    Attributes:
        folder: The paths of its files.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder

    def __repr__(self) -> str:
        """Return the class name with the folder and the status."""
        return f"Run({str(self.path)!r}, status={self.status!r})"

    @property
    def path(self) -> Path:
        """The folder of the run."""
        return self.folder.path

    @property
    def name(self) -> str:
        """The experiment's name with the date."""
        return self.folder.name

    @property
    def status(self) -> str:
        """One of `running`, `concluding`, `stopped`, `finished`, `failed` and `killed` (no process trains it)."""
        return status_of(self.folder)

    def info(self) -> dict[str, Any]:
        """Return what `run.json` holds: command, commit, versions, hardware and status."""
        return dict(read_metadata(self.folder))

    def config(self) -> dict[str, Any]:
        """Return the resolved configuration as plain data."""
        return dict(read_yaml(self.folder.config).mapping)

    def metrics(self) -> dict[str, Series]:
        """Return the learning curves by metric, such as `eval/mean_reward`, as arrays."""
        return read_series(self.path / "progress.csv")

    def table(self) -> "pandas.DataFrame":
        """Return the learning curves as a table, with a column for each metric and the timesteps as index.

        If a timestep has several values, the table holds the last one.

        Raises:
            ImportError: pandas is not installed.
        """
        import pandas

        columns = {
            name: pandas.Series(series.values, index=series.timesteps).groupby(level=0).last()
            for name, series in self.metrics().items()
        }
        return pandas.DataFrame(columns).rename_axis(TIMESTEP)

    def policy(self, checkpoint: str | None = None) -> StandalonePolicy:
        """Load a policy that acts on raw observations.

        Args:
            checkpoint: `best`, `final`, `init` or a timestep; by default the best checkpoint.

        Raises:
            NotFoundError: The run has no checkpoint yet.
            CheckpointError: The run has no checkpoint of this name.
            PolicyFileError: A file is missing or damaged.
            PolicyNeedsMoreError: The policy cannot act without its environment's wrappers.
        """
        return load_policy(self._checkpoint(checkpoint).path)

    def evaluate(
        self,
        episodes: int | None = None,
        *,
        seed: int | None = None,
        checkpoint: str | None = None,
        overrides: Overrides | None = None,
    ) -> dict[str, Any]:
        """Evaluate the policy in its environment, and write the result to `eval.json`.

        Args:
            episodes: Number of episodes; by default that of the configuration.
            seed: Seed of the environments; by default that of the configuration.
            checkpoint: As for `policy`.
            overrides: Changes of `environment` or `evaluation`, such as `{"environment.randomization": None}`.

        Returns:
            Mean return, returns and lengths of the episodes, and the metrics of the task.
        """
        return evaluate_checkpoint(
            self.folder,
            self._checkpoint(checkpoint),
            n_episodes=episodes,
            seed=seed,
            overrides=_as_arguments(overrides),
        )

    def resume(self, overrides: Overrides | None = None) -> "Run":
        """Resume the training from its newest checkpoint.

        Args:
            overrides: Changes to the configuration, such as more timesteps.

        Raises:
            AlreadyFinishedError: The run has finished its timesteps.
            RunBusyError: Another process trains the run.
        """
        return _carry_out(plan_resume(str(self.path), _as_arguments(overrides)))

    def _checkpoint(self, name: str | None) -> Checkpoint:
        return choose_checkpoint(self.folder, name)


def train(config: str | Path | Mapping[str, object], overrides: Overrides | None = None) -> Run:
    """Train a policy as `rl-pipeline train` does; call it in the main thread.

    Args:
        config: The experiment's YAML file, or its sections as a mapping.
        overrides: Changes to it.

    Returns:
        The run, evaluated and filmed if the training was not stopped.

    Raises:
        ConfigError: The configuration is refused; the message lists all problems.
    """
    arguments = _as_arguments(overrides)
    if not isinstance(config, Mapping):
        return _carry_out(plan_new(Path(config), arguments))
    loaded = load_config_mapping(config, arguments, default_file=DEFAULT_FILE, checks=CHECKS)
    return _carry_out(plan_for(loaded.config))


def load_run(name: str | Path, root: str | Path = DEFAULT_ROOT) -> Run:
    """Find a run.

    Args:
        name: Its folder, or its name with or without the date (then the newest of that name).
        root: The folder that holds all runs.

    Raises:
        NotFoundError: The run does not exist; the message lists the runs that do.
    """
    return Run(find_run(str(name), Path(root)))


def make_vector_env(
    environment: str | Path | Mapping[str, object],
    overrides: Overrides | None = None,
    *,
    render: bool = False,
) -> VectorEnv:
    """Make the vector environment that a configuration names, with its wrappers.

    Args:
        environment: The id of an environment, an experiment's YAML file, or the sections as a mapping.
        overrides: Changes to the configuration, such as `{"environment.n_environments": 8}`.
        render: Whether `render()` returns pictures of the first environment.

    Raises:
        ConfigError: The environment is unknown or does not accept these arguments.
    """
    config = _load(environment, _as_arguments(overrides))
    return make_training_env(config, Path(), films=False, render=render)


def _load(environment: str | Path | Mapping[str, object], arguments: list[str]) -> Config:
    if isinstance(environment, Mapping):
        return load_config_mapping(environment, arguments, default_file=DEFAULT_FILE).config
    if str(environment).endswith((".yaml", ".yml")):
        return load_config(environment, arguments).config
    mapping = {"environment": {"id": str(environment)}}
    return load_config_mapping(mapping, arguments, default_file=DEFAULT_FILE).config


def _carry_out(plan: Plan) -> Run:
    folder, _ = train_and_conclude(plan)
    return Run(folder)


def _as_arguments(overrides: Overrides | None) -> list[str]:
    """Convert overrides to the form of the command line; JSON is valid YAML."""
    return [f"{key}={json.dumps(value)}" for key, value in (overrides or {}).items()]
