"""Starts a training from the networks of an earlier one (`training.pretrained_model`)."""

from pathlib import Path

from gymnasium.vector import VectorEnv
from stable_baselines3.common.base_class import BaseAlgorithm

from rl_pipeline.config.schema import Config
from rl_pipeline.run.locate import find_policy
from rl_pipeline.run.training_state import load_parameters, load_statistics


def load_pretrained(config: Config, model: BaseAlgorithm, env: VectorEnv) -> None:
    """Load networks, optimizers and running statistics; counters start at zero.

    Raises:
        NotFoundError: There is no such policy.
        CheckpointError: It is damaged, or its networks have other shapes.
    """
    name = config.training.pretrained_model
    assert name is not None
    policy = find_policy(name, Path(config.experiment.folder))
    load_parameters(policy.model, model)
    if policy.checkpoint is not None:
        load_statistics(policy.checkpoint, env)
