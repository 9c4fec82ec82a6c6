"""Takes a policy out of a run as files that stock Stable-Baselines3 loads."""

import json
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gymnasium.vector import VectorEnv
from stable_baselines3.common.base_class import BaseAlgorithm

from rl_pipeline.atomic import atomic_write
from rl_pipeline.config.environment import WrapperSpec
from rl_pipeline.config.schema import Config
from rl_pipeline.learners.sb3.adapter import SB3Adapter
from rl_pipeline.learners.sb3.build import build_model, require
from rl_pipeline.learners.sb3.registry import Algorithm, find_algorithm
from rl_pipeline.learners.sb3.state import COUNTERS
from rl_pipeline.run.checkpoints import MODEL, VEC_NORMALIZE, Checkpoint
from rl_pipeline.run.environments import discount_factor
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.trained_policy import open_policy, stored_config
from rl_pipeline.run.training_state import load_policy, load_statistics, write_policy
from rl_pipeline.wrappers.normalize_reward import NormalizeReward


@dataclass(frozen=True)
class SavedPolicy:
    """A policy outside its run.

    Attributes:
        model: Its `model.zip` under the name that the user gave.
        vec_normalize: The running statistics beside it.
        algorithm: What loads it.
        wrappers: `environment.wrappers` of its run, innermost first, without which it sees other observations.
    """

    model: Path
    vec_normalize: Path
    algorithm: Algorithm
    wrappers: list[WrapperSpec]


def vec_normalize_beside(model: Path) -> Path:
    """Give the name of the statistics that belong to `best.zip`: `best_vecnormalize.pkl`."""
    return model.with_name(f"{model.stem}_{VEC_NORMALIZE}")


def save_policy(run: RunFolder, checkpoint: Checkpoint, model: Path) -> SavedPolicy:
    """Write the policy of a checkpoint and its running statistics.

    Args:
        run: The run.
        checkpoint: Which of its checkpoints.
        model: The file to write or replace; its folder must exist.

    Raises:
        CheckpointError: The checkpoint is damaged.
        ConfigError: The run's configuration does not load any more.
        OSError: The folder cannot be written or the disk is full; each file is then the old one or the whole new one.
    """
    checkpoint.verify()
    config = stored_config(run)
    saved = SavedPolicy(
        model,
        vec_normalize_beside(model),
        require(find_algorithm(config.training.algorithm)),
        config.environment.wrappers,
    )
    with _loadable_elsewhere(run, checkpoint, config) as folder:
        for source, target in ((VEC_NORMALIZE, saved.vec_normalize), (MODEL, saved.model)):
            _write(target, (folder / source).read_bytes())
    return saved


def _write(path: Path, content: bytes) -> None:
    try:
        with atomic_write(path) as file:
            file.write(content)
    except OSError as error:  # a full disk names no file, and others name the temporary one
        raise OSError(error.errno, error.strerror, str(path)) from error


@contextmanager
def _loadable_elsewhere(run: RunFolder, checkpoint: Checkpoint, config: Config) -> Iterator[Path]:
    """Give a folder with the policy: the checkpoint itself, or a temporary one for what version 0.1.0 wrote."""
    if checkpoint.loads_elsewhere:
        yield checkpoint.path
        return
    with (
        tempfile.TemporaryDirectory(prefix="rl_pipeline_") as name,
        open_policy(run, checkpoint) as policy,
    ):
        env = _with_reward_statistics(policy.env, config)
        model = build_model(config.training, SB3Adapter(env), seed=config.experiment.seed, device="cpu")
        load_policy(checkpoint, model)
        load_statistics(checkpoint, env)
        _load_counters(checkpoint, model)
        write_policy(Path(name), model, env)
        yield Path(name)


def _with_reward_statistics(env: VectorEnv, config: Config) -> VectorEnv:
    """Put on the normalisation of rewards, which an environment to evaluate in does without."""
    normalize = config.environment.normalize
    if not normalize.reward:
        return env
    gamma = discount_factor(config)
    return NormalizeReward(env, gamma=gamma, clip=normalize.clip_reward, epsilon=normalize.epsilon)


def _load_counters(checkpoint: Checkpoint, model: BaseAlgorithm) -> None:
    """Read how far the model had come from the part of its file that is JSON; nothing in it is executed."""
    with zipfile.ZipFile(checkpoint.path / MODEL) as archive:
        data = json.loads(archive.read("data"))
    for name in COUNTERS:
        if isinstance(data.get(name), int | float):
            setattr(model, name, data[name])
