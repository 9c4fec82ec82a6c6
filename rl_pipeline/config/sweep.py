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
    """The value of a metric after so many minutes of training, interpolated between those recorded around them."""

    minutes: Minutes
    """Minutes of training, evaluations included."""


class Objective(Section):
    """What a search optimizes: one number for each trial."""

    metric: Text = "eval/mean_reward"
    """Column of evaluations.csv or progress.csv, or your own function as 'file.py:function', which gets the data of
    all runs of a trial."""
    at: Literal["end", "best"] | MeanOfLast | AtMinutes = "end"
    """Which value counts: the last, the best, {last: 5} for the mean of the last five, or {minutes: 2} for the value
    after two minutes of training."""
    direction: Literal["maximize", "minimize"] = "maximize"
    """Whether larger or smaller values are better."""


class Budget(Section):
    """How long each run of a search trains, in place of what the experiment says."""

    timesteps: Positive | None = None
    """Timesteps, in place of `training.training.total_timesteps`."""
    minutes: Minutes | None = None
    """Minutes, in place of `training.training.max_minutes`."""


class Sweep(Section):
    """A search over settings of an experiment, which `rl-pipeline sweep` carries out."""

    experiment: Text | None = None
    """Experiment file that this file is laid over; relative to the folder of this file, or else to the working
    directory. Null where the experiment stands in this file."""
    name: FolderName | None = None
    """Name of the sweep and of its folder; null takes the experiment's name and the date."""
    folder: Text | None = None
    """Folder that holds the sweep's folder; null takes `experiment.folder`."""
    space: dict[str, Any] = Field(default_factory=dict)
    """Dotted keys of the experiment, each with a list of choices or a range such as
    {low: 1e-5, high: 1e-3, log: true}; `step` and `int` are further keys of a range."""
    sampler: Text | None = None
    """What chooses the values, e.g. 'grid', 'random' or 'tpe'; null takes 'grid' where all keys have choices and
    `trials` is not given, else 'tpe'."""
    sampler_options: dict[str, Any] = Field(default_factory=dict)
    """Keyword arguments of the sampler."""
    seed: Seed = 0
    """Seed of the sampler."""
    trials: Positive | None = None
    """Number of trials; null takes all combinations of a grid."""
    seeds: Positive | Annotated[list[Seed], Field(min_length=1)] = 1
    """Seeds that each trial is trained with: a list, or how many from `experiment.seed` on."""
    objective: Objective | Annotated[list[Objective], Field(min_length=1)] = Objective()
    """What is optimized; a list makes a search for the Pareto front."""
    pruner: Literal["none", "median", "hyperband"] = "none"
    """What stops bad trials early, by the evaluations that they have made so far."""
    pruner_options: dict[str, Any] = Field(default_factory=dict)
    """Keyword arguments of Optuna's pruner. It counts evaluations: the first after the start is step 1."""
    budget: Budget = Budget()
    """How long each run trains."""
    workers: Positive = 1
    """Number of runs at a time."""
    storage: Text | None = None
    """SQL address of the database that holds the study; null keeps it in the sweep's folder."""
    keep: NonNegative | None = 1
    """Number of best trials that keep replay buffers and all checkpoints; others keep their best and their last
    policy. Null keeps everything."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.pruner != "none" and len(self.objectives) > 1:
            message = f"pruner: {self.pruner} needs a single objective"
            raise InvalidValueError(message, remedy="set pruner: none, or keep one objective")
        if "experiment.seed" in self.space:
            remedy = "list the seeds in `sweep.seeds`: each trial is trained with all of them"
            raise InvalidValueError("experiment.seed is no setting to search for", remedy=remedy)
        return self

    @property
    def objectives(self) -> list[Objective]:
        """The objectives as a list."""
        return self.objective if isinstance(self.objective, list) else [self.objective]
