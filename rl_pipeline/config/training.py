"""The section `training`."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from rl_pipeline.config.architecture import Architecture
from rl_pipeline.config.class_spec import NamedClass
from rl_pipeline.config.distillation import Distillation
from rl_pipeline.config.errors import nearest
from rl_pipeline.config.hindsight_replay import HindsightReplay
from rl_pipeline.config.off_policy import OffPolicy
from rl_pipeline.config.schedules import Schedule
from rl_pipeline.config.section import (
    InvalidValueError,
    NonNegative,
    Positive,
    Section,
    Seed,
    Text,
    whole_number,
)

DEVICES = ("auto", "cpu", "cuda", "cuda:0", "mps")


def _device(name: str) -> str:
    if name not in DEVICES and not re.fullmatch(r"cuda:\d+", name):
        remedy = "use 'auto', which selects a GPU if one is available"
        meant = "cuda" if name.lower() == "gpu" else nearest(name, DEVICES)
        raise InvalidValueError("is not a device", valid=DEVICES, nearest=meant, remedy=remedy)
    return name


def _algorithm(name: str) -> str:
    return name if ":" in name else name.lower()


def algorithm_title(name: str) -> str:
    """Return an algorithm's name for the user: `PPO`, or the name of a user's class."""
    return name.rpartition(":")[2] if ":" in name else name.upper()


class Wandb(Section):
    """Settings of the run on Weights & Biases."""

    project: Text = "rl-pipeline"
    """Project of the run."""
    entity: Text | None = None
    """User or team; null takes the default of the current account."""
    group: Text | None = None
    """Group of runs, e.g. the same experiment with several seeds."""
    mode: Literal["online", "offline", "disabled"] = "online"
    """'offline' writes to disk for a later `wandb sync`."""


class EvaluationInterval(Section):
    """Another interval between evaluations, which applies from a given performance on."""

    metric: Text
    """Column of `evaluations.csv` without `eval/`, e.g. 'distance' or 'success_rate'."""
    at_least: float
    """Smallest value of the metric in the latest evaluation at which this interval applies."""
    frequency: Positive
    """Timesteps between evaluations."""


class EvaluationDuringTraining(Section):
    """Evaluations of the current policy during training, on separate environments."""

    seed: Seed = 5
    """Seed of the evaluation environments, the same at every evaluation."""
    num_episodes: Positive = 5
    """Episodes in an evaluation."""
    num_evals: NonNegative = 10
    """Number of evaluations, spread evenly over the training; 0 for none."""
    frequency: Positive | None = None
    """Timesteps between evaluations, instead of `num_evals`."""
    deterministic: bool = True
    """Take the most likely action instead of a random one."""
    intervals: list[EvaluationInterval] = Field(default_factory=list)
    """Other intervals between evaluations as the policy improves; the last one whose metric is reached applies."""


class EarlyStopping(Section):
    """Conditions for an early stop; the evaluation at timestep 0 does not count."""

    reward_threshold: float | None = None
    """Stop when an evaluation's mean return reaches this."""
    metric_thresholds: dict[Text, float] = Field(default_factory=dict)
    """Stop when an evaluation reaches the values of all these metrics, columns of `evaluations.csv` without `eval/`,
    e.g. success_rate: 1.0."""
    patience: Positive | None = None
    """Stop after this many evaluations without an improvement."""
    min_delta: Annotated[float, Field(ge=0)] = 0.0
    """Smallest gain in mean return that counts as an improvement."""
    stop_on_nan: bool = True
    """Stop, and write the state to disk, if a loss or parameter is NaN."""


class Checkpoint(Section):
    """Checkpoints of the training on disk; `init` and `final` are always kept."""

    num_checkpoints: NonNegative = 10
    """Number of checkpoints, spread evenly over the training; 0 for none."""
    frequency: Positive | None = None
    """Timesteps between checkpoints, instead of `num_checkpoints`."""
    keep_last: Positive = 3
    """Number of newest checkpoints that can be resumed; older ones keep only their policy, for films."""
    keep_best: bool | NonNegative = True
    """Number of best evaluated policies to keep: true or 1 keeps `best`, k > 1 also the k best as `top_<timesteps>`,
    false or 0 none. The evaluation at timestep 0 does not count."""
    replay_buffer: bool = True
    """Save the replay buffer, without which off-policy training does not resume exactly."""
    export: bool = True
    """Write `policy.onnx` to the run's folder at the end of the training, if the policy can be exported."""


class TrainingLoop(Section):
    """The training loop: its length, device and reports."""

    total_timesteps: Positive = 1_000_000
    """Environment steps, summed over all environments."""
    max_minutes: Annotated[float, Field(gt=0)] | None = None
    """Minutes of training, including evaluations, after which the training ends; null for no limit. A resumed run
    includes the minutes before."""
    device: Annotated[str, AfterValidator(_device)] = "auto"
    """'auto', 'cpu', 'cuda', 'cuda:N' or 'mps'; 'auto' selects a GPU if one is available."""
    n_threads: Positive | None = None
    """Number of torch's threads; null uses one for vector observations, and torch's default for images."""
    rank_timeout: Annotated[float, Field(gt=0, le=86_400)] = 600.0
    """Seconds that a rank of a data-parallel training waits for the others before the training fails."""
    log_points: Positive = 100
    """Number of updates of stats.json and progress.png, and of plain progress lines, in a run."""
    verbose: Annotated[int, Field(ge=0, le=2), BeforeValidator(whole_number)] = 1
    """0 prints warnings only, 1 progress, 2 everything."""
    eval: EvaluationDuringTraining = EvaluationDuringTraining()
    """Evaluations during training."""
    early_stopping: EarlyStopping = EarlyStopping()
    """Conditions for an early stop."""


class Training(Section):
    """The learning algorithm, its networks and its execution."""

    algorithm: Annotated[Text, AfterValidator(_algorithm)] = "ppo"
    """Learning algorithm, e.g. 'ppo' or 'SAC', 'distillation' to learn from rollouts, or your own class as
    'file.py:Class' or 'package.module:Class'."""
    engine: Literal["fast", "stock"] = "fast"
    """'fast' uses the faster variant of the algorithm if one exists, 'stock' that of Stable-Baselines3."""
    pretrained_model: Text | None = None
    """Run folder or model.zip from which the initial parameters are loaded."""
    use_wandb: bool = False
    """Track the run with Weights & Biases."""
    wandb: Wandb = Wandb()
    """Settings of Weights & Biases."""
    tensorboard: bool = True
    """Track the run with TensorBoard."""
    algorithm_parameters: dict[str, Any] = Field(default_factory=dict)
    """Keyword arguments of the algorithm's class, in Stable-Baselines3 e.g. policy, learning_rate, gamma."""
    hindsight_replay: HindsightReplay | None = None
    """Hindsight experience replay of an off-policy algorithm; `{}` switches it on, null off."""
    off_policy: OffPolicy = OffPolicy()
    """Exploration and limits of off-policy algorithms, mainly for sparse rewards."""
    distillation: Distillation | None = None
    """Data and settings of `algorithm: distillation`."""
    architecture: Architecture = Architecture()
    """Networks of the policy."""
    schedules: dict[str, Schedule] = Field(default_factory=dict)
    """Algorithm parameters that change over the training, by name, e.g. learning_rate."""
    training: TrainingLoop = TrainingLoop()
    """Length, device and reports of the training."""
    checkpoint: Checkpoint = Checkpoint()
    """Checkpoints."""
    callbacks: list[NamedClass] = Field(default_factory=list)
    """Callbacks of your own, called in this order, each 'file.py:Class', 'package.module:Class', or one of these with
    arguments below it."""
