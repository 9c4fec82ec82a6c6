"""The section `sweep`: a search over settings of an experiment."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from rl_pipeline.config.experiment import FolderName
from rl_pipeline.config.section import InvalidValueError, NonNegative, Positive, Section, Seed, Text

Minutes = Annotated[float, Field(gt=0)]


class MeanOfLast(Section):
    """The mean of the last values of a metric."""

    last: Positive
    """Number of values."""


class AtMinutes(Section):
    """The value of a metric after a number of minutes of training, interpolated between the neighbouring records."""

    minutes: Minutes
    """Minutes of training, evaluations included."""


class Objective(Section):
    """The objective of a search: one number for each trial."""

    metric: Text = "eval/mean_reward"
    """Column of evaluations.csv or progress.csv, or your own function as 'file.py:function', which gets the data of
    all runs of a trial."""
    at: Literal["end", "best"] | MeanOfLast | AtMinutes = "end"
    """Value that is used: the last, the best, {last: 5} for the mean of the last five, or {minutes: 2} for the value
    after two minutes of training."""
    direction: Literal["maximize", "minimize"] = "maximize"
    """Whether larger or smaller values are better."""


class Budget(Section):
    """Length of each run of a search, which replaces the experiment's."""

    timesteps: Positive | None = None
    """Timesteps, instead of `training.training.total_timesteps`."""
    minutes: Minutes | None = None
    """Minutes, instead of `training.training.max_minutes`."""


class Sweep(Section):
    """A search over settings of an experiment, which `rl-pipeline sweep` runs."""

    experiment: Text | None = None
    """Experiment file that this file overrides; relative to the folder of this file, or to the working directory.
    Null if the experiment is in this file."""
    name: FolderName | None = None
    """Name of the sweep and of its folder; null takes the experiment's name and the date."""
    folder: Text | None = None
    """Folder that holds the sweep's folder; null takes `experiment.folder`."""
    space: dict[str, Any] = Field(default_factory=dict)
    """Dotted keys of the experiment, each with a list of choices or a range such as
    {low: 1e-5, high: 1e-3, log: true}; `step` and `int` are further keys of a range."""
    sampler: Text | None = None
    """Sampler of the values, e.g. 'grid', 'random' or 'tpe'; null selects 'grid' if all keys have choices and
    `trials` is not given, otherwise 'tpe'."""
    sampler_options: dict[str, Any] = Field(default_factory=dict)
    """Keyword arguments of the sampler."""
    seed: Seed = 0
    """Seed of the sampler."""
    trials: Positive | None = None
    """Number of trials; null takes all combinations of a grid."""
    seeds: Positive | Annotated[list[Seed], Field(min_length=1)] = 1
    """Seeds of each trial: a list, or their number, starting at `experiment.seed`."""
    objective: Objective | Annotated[list[Objective], Field(min_length=1)] = Objective()
    """Objective; a list of objectives searches for the Pareto front."""
    pruner: Literal["none", "median", "hyperband"] = "none"
    """Pruner that stops bad trials early, based on their evaluations so far."""
    pruner_options: dict[str, Any] = Field(default_factory=dict)
    """Keyword arguments of Optuna's pruner. It counts evaluations: the first after the start is step 1."""
    budget: Budget = Budget()
    """Length of each run."""
    workers: Positive = 1
    """Number of runs at a time."""
    storage: Text | None = None
    """SQL address of the study's database; null stores the study in the sweep's folder."""
    keep: NonNegative | None = 1
    """Number of best trials that keep replay buffers and all checkpoints; the others keep only their best and their
    last policy. Null keeps everything."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.pruner != "none" and len(self.objectives) > 1:
            message = f"pruner: {self.pruner} needs a single objective"
            raise InvalidValueError(message, remedy="set pruner: none, or keep one objective")
        if "experiment.seed" in self.space:
            remedy = "list the seeds in `sweep.seeds`: each trial is trained with all of them"
            raise InvalidValueError("experiment.seed cannot be searched", remedy=remedy)
        return self

    @property
    def objectives(self) -> list[Objective]:
        """The objectives as a list."""
        return self.objective if isinstance(self.objective, list) else [self.objective]
