"""Translation of dextgen's settings (`Default` and a block for each environment) into a configuration."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from rl_pipeline.config.errors import ConfigError, Problem, nearest
from rl_pipeline.config.section import NonNegative, Positive, Section
from rl_pipeline.config.translation import validate
from rl_pipeline.config.yaml_reader import read_yaml

EPISODE = 50
"""Number of steps in every episode of its environments."""
PRETRAINED = "saves/pretrain"
FIXED_NOISE = 0.2
"""Standard deviation of the noise on actions of the policy, which its settings do not name."""
Rate = Annotated[float, Field(gt=0)]


class DextgenSettings(Section):
    """Settings of dextgen, with the defaults of its `experiment_config.yaml`."""

    epochs: Positive = 5000
    cycles: Positive = 50
    rollouts: Positive = 2
    batches: Positive = 40
    evals: NonNegative = 10
    batch_size: Positive = 256
    buffer_size: Positive = 1_000_000
    gamma: Annotated[float, Field(ge=0, lt=1)] = 0.98
    actor_lr: Rate = 1e-3
    critic_lr: Rate = 1e-3
    tau: Annotated[float, Field(gt=0, le=1)] = 0.05
    eps: Annotated[float, Field(ge=0, le=1)] = 0.3
    noise_process: Literal["Uniform", "Gaussian", "OrnsteinUhlenbeck", "Ornstein-Uhlenbeck"] = "Uniform"
    noise_process_params: list[float] = Field(default_factory=list)
    k: NonNegative = 4
    action_clip: Rate = 1.0
    state_clip: Rate = 200.0
    goal_clip: Rate = 200.0
    grad_clip: Rate = 5.0
    action_norm: Annotated[float, Field(ge=0)] = 1.0
    actor_net_type: Literal["PosePolicyNet", "DDP"] = "PosePolicyNet"
    actor_net_nlayers: Positive = 4
    actor_net_layer_width: Positive = 256
    critic_net_nlayers: Positive = 4
    critic_net_layer_width: Positive = 256
    early_stop: float = 0.95
    save: bool = True
    load_pretrained: bool = False
    seed: bool | NonNegative = False
    state_norm_idx: list[NonNegative] | None = None
    goal_norm_idx: list[NonNegative] | None = None
    kwargs: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True)
class Translated:
    """A configuration, and notes on the settings that it omits or expresses differently."""

    mapping: dict[str, Any]
    notes: list[str]


def translate_dextgen(file: Path, environment: str, ranks: int) -> Translated:
    """Translate the settings of one environment.

    Args:
        file: A file such as `experiment_config.yaml`.
        environment: E.g. `FlatPJCube-v0`; without a block of its own, it uses the settings of `Default`.
        ranks: Number of processes that will train it (`mpirun -n`).

    Raises:
        ConfigError: The file does not hold valid dextgen settings.
    """
    document = read_yaml(file)
    blocks = document.mapping
    if not isinstance(blocks.get("Default"), dict):
        remedy = "give dextgen's config/experiment_config.yaml"
        raise ConfigError(
            [*document.problems, Problem("Default", "is missing", remedy=remedy, place=file.name)]
        )
    own = blocks.get(environment, {})
    merged = {**blocks["Default"], **(own if isinstance(own, dict) else {})}
    known = {name: value for name, value in merged.items() if name in DextgenSettings.model_fields}
    settings, problems = validate(DextgenSettings, known)
    if settings is None or document.problems:
        raise ConfigError(document.problems + [replace(problem, place=file.name) for problem in problems])
    notes = [_unknown(name) for name in merged.keys() - known.keys()]
    if environment not in blocks:
        close = nearest(environment, blocks)
        hint = f"; the nearest is {close}" if close else ""
        notes.append(f"{environment} has no block of its own{hint}; the settings of Default are used")
    return Translated(_mapping(settings, environment, ranks), sorted(notes) + _notes(settings))


def _unknown(name: str) -> str:
    close = nearest(name, DextgenSettings.model_fields)
    return f"{name}: not a setting of dextgen" + (f", did you mean {close}?" if close else "")


def _mapping(settings: DextgenSettings, environment: str, ranks: int) -> dict[str, Any]:
    epoch = settings.cycles * settings.rollouts * EPISODE * ranks
    training = {
        "total_timesteps": settings.epochs * epoch,
        "eval": {"frequency": epoch, "num_episodes": max(1, settings.evals * ranks)},
        "early_stopping": {"metric_thresholds": {"success_rate": settings.early_stop}},
    }
    section: dict[str, Any] = {
        "algorithm": "ddpg",
        "algorithm_parameters": _parameters(settings),
        "hindsight_replay": {"n_sampled_goal": settings.k},
        "off_policy": _off_policy(settings),
        "architecture": _architecture(settings),
        "training": training,
    }
    if settings.load_pretrained:
        section["pretrained_model"] = PRETRAINED
    name, _, version = environment.rpartition("-v")
    is_fetch = environment.startswith("Fetch") and version.isdigit()
    return {
        "experiment": {"name": name or environment, "seed": int(settings.seed)},
        "environment": {
            "id": f"{name}-v4" if is_fetch else environment,
            "backend": "mujoco",
            "n_environments": 1,
            "kwargs": settings.kwargs,
            "normalize": {"observation": True, "clip_observation": settings.state_clip, "epsilon": 1e-4},
        },
        "training": section,
    }


def _parameters(settings: DextgenSettings) -> dict[str, Any]:
    return {
        "learning_rate": settings.actor_lr,
        "gamma": settings.gamma,
        "tau": 1 - (1 - settings.tau) ** (1 / settings.batches),
        "batch_size": settings.batch_size,
        "buffer_size": settings.buffer_size,
        "train_freq": settings.rollouts * EPISODE,
        "gradient_steps": settings.batches,
        "learning_starts": 0,
        "action_noise": {"type": "normal", "std": FIXED_NOISE},
    }


def _off_policy(settings: DextgenSettings) -> dict[str, Any]:
    found: dict[str, Any] = {
        "random_actions": settings.eps,
        "max_grad_norm": settings.grad_clip,
        "target_range": "sparse",
    }
    if settings.actor_net_type == "PosePolicyNet":
        found["action_penalty"] = settings.action_norm
    return found


def _architecture(settings: DextgenSettings) -> dict[str, Any]:
    found: dict[str, Any] = {
        "net_arch": {
            "pi": [settings.actor_net_layer_width] * (settings.actor_net_nlayers - 1),
            "qf": [settings.critic_net_layer_width] * (settings.critic_net_nlayers - 1),
        },
        "activation_fn": "ReLU",
        "features_extractor_class": "GoalExtractor",
    }
    if settings.actor_net_type == "PosePolicyNet":
        found["rotation_head"] = 3
    return found


def _notes(settings: DextgenSettings) -> list[str]:
    pose, noise = settings.actor_net_type == "PosePolicyNet", settings.noise_process
    notes = {
        "seed: False draws another one each time; here it is 0, which is a seed like any other": (
            settings.seed is False
        ),
        "tau: dextgen moves its targets once per cycle; tau is scaled to move them as far per gradient step": True,
        "grad_clip: dextgen never used it; max_grad_norm does what it says": True,
        "action_norm: dextgen penalised the six numbers of a rotation, action_penalty the mean of all outputs": pose,
        "action_norm: dextgen used it for PosePolicyNet alone": not pose,
        f"noise_process: {noise} has no counterpart; random actions are uniform": noise != "Uniform",
        "noise_process_params: have no counterpart": noise != "Uniform"
        and bool(settings.noise_process_params),
        "critic_lr: has no counterpart beside actor_lr; learning_rate is that of both": (
            settings.critic_lr != settings.actor_lr
        ),
        "goal_clip: has no counterpart beside state_clip; clip_observation is that of both": (
            settings.goal_clip != settings.state_clip
        ),
        "action_clip: has no counterpart; actions are clipped to the action space": settings.action_clip != 1,
        "state_norm_idx: has no counterpart; all numbers are normalised": settings.state_norm_idx is not None,
        "goal_norm_idx: has no counterpart; all numbers are normalised": settings.goal_norm_idx is not None,
        "evals: 0 has no counterpart; one episode is evaluated": settings.evals == 0,
        "save: has no counterpart; every run is saved": not settings.save,
    }
    return [note for note, applies in notes.items() if applies]
