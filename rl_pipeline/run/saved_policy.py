"""Saving of a run's policy as files that stock Stable-Baselines3 loads."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gymnasium.vector import VectorEnv

from rl_pipeline.atomic import atomic_write
from rl_pipeline.config.class_spec import ClassSpec
from rl_pipeline.config.schema import Config
from rl_pipeline.errors import RefusedError
from rl_pipeline.learners.learner import MODEL, VEC_NORMALIZE
from rl_pipeline.learners.registry import learner_class
from rl_pipeline.run.checkpoints import Checkpoint
from rl_pipeline.run.environments import discount_factor
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.trained_policy import open_policy, stored_config
from rl_pipeline.run.training_state import load_statistics
from rl_pipeline.wrappers.normalize_reward import NormalizeReward


@dataclass(frozen=True)
class SavedPolicy:
    """A policy outside its run.

    Attributes:
        model: Its `model.zip` under the name that the user gave.
        vec_normalize: The running statistics beside it.
        loader: Code that loads them.
        wrappers: `environment.wrappers` of its run, innermost first, which the policy's environment needs.
    """

    model: Path
    vec_normalize: Path
    loader: str
    wrappers: list[ClassSpec]


def vec_normalize_beside(model: Path) -> Path:
    """Return the name of the statistics that belong to `best.zip`: `best_vecnormalize.pkl`."""
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
        RefusedError: The policy was not trained by Stable-Baselines3.
        OSError: The folder cannot be written or the disk is full; each file is then the old or the complete new one.
    """
    checkpoint.verify()
    config = stored_config(run)
    loader = learner_class(config.training).stock_loader(config.training)
    if loader is None:
        raise RefusedError(
            f"{config.training.algorithm} is not an algorithm that stock Stable-Baselines3 loads"
        )
    saved = SavedPolicy(model, vec_normalize_beside(model), loader, config.environment.wrappers)
    with _loadable_elsewhere(run, checkpoint, config) as folder:
        for source, target in ((VEC_NORMALIZE, saved.vec_normalize), (MODEL, saved.model)):
            _write(target, (folder / source).read_bytes())
    return saved


def _write(path: Path, content: bytes) -> None:
    try:
        with atomic_write(path) as file:
            file.write(content)
    except OSError as error:  # the error of a full disk names no file, and others name the temporary one
        raise OSError(error.errno, error.strerror, str(path)) from error


@contextmanager
def _loadable_elsewhere(run: RunFolder, checkpoint: Checkpoint, config: Config) -> Iterator[Path]:
    """Return a folder with the policy: the checkpoint, or a temporary folder for checkpoints of version 0.1.0."""
    if checkpoint.loads_elsewhere:
        yield checkpoint.path
        return
    with (
        tempfile.TemporaryDirectory(prefix="rl_pipeline_") as name,
        open_policy(run, checkpoint) as policy,
    ):
        env = _with_reward_statistics(policy.env, config)
        load_statistics(checkpoint, env)
        learner = learner_class(config.training)(config.training, env, seed=config.experiment.seed)
        learner.convert_policy(checkpoint.path, Path(name))
        yield Path(name)


def _with_reward_statistics(env: VectorEnv, config: Config) -> VectorEnv:
    """Add the normalisation of rewards, which an environment for evaluation does not have."""
    normalize = config.environment.normalize
    if not normalize.reward:
        return env
    gamma = discount_factor(config)
    return NormalizeReward(env, gamma=gamma, clip=normalize.clip_reward, epsilon=normalize.epsilon)
