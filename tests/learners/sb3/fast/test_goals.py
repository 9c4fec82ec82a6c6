"""Policies with goals: the fast engine does what Stable-Baselines3 does, with and without `training.off_policy`."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rl_pipeline.config.environment import Environment
from rl_pipeline.config.training import Training
from rl_pipeline.envs.factory import make_vector_env
from rl_pipeline.learners.sb3.learner import SB3Learner
from rl_pipeline.wrappers.build import wrap

from .conftest import weights

PUSH = Path(__file__).parents[3] / "envs" / "mujoco" / "push.py"
LIMITS = {"random_actions": 0.3, "max_grad_norm": 0.05, "target_range": "sparse"}
NORMALIZE = {"observation": True, "clip_observation": 2.0}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "ddpg": ("ddpg", {}),
    "sac, limited": ("sac", LIMITS),
    "tqc, limited": ("tqc", LIMITS),
    "ddpg, limited": ("ddpg", {**LIMITS, "action_penalty": 2.0}),
    "td3, limited": ("td3", {**LIMITS, "action_penalty": 2.0}),
}


def trained(algorithm: str, engine: str, iterations: int = 36, **training: Any) -> SB3Learner:
    torch.set_num_threads(1)
    section = Training.model_validate(
        {
            "algorithm": algorithm,
            "engine": engine,
            "algorithm_parameters": {
                "learning_starts": 62,
                "batch_size": 16,
                "buffer_size": 200,
                "gamma": 0.9,
            },
            "hindsight_replay": {},
            "architecture": {"net_arch": [12, 8]},
            "training": {"device": "cpu"},
            **training,
        }
    )
    config = Environment.model_validate(
        {"id": f"{PUSH}:Push", "backend": "mujoco", "n_environments": 2, "normalize": NORMALIZE}
    )
    learner = SB3Learner(section, wrap(make_vector_env(config, seed=1), config), seed=1)
    learner.start()
    for _ in range(iterations):
        learner.iterate(lambda phase: None)
    learner.env.close()
    return learner


@pytest.mark.parametrize("case", CASES)
def test_training_equals_stock(case: str) -> None:
    algorithm, options = CASES[case]
    fast, stock = (trained(algorithm, engine, off_policy=options).model for engine in ("fast", "stock"))
    assert hasattr(fast._compiled, "run")
    assert not hasattr(stock, "_compiled")
    assert fast._n_updates == stock._n_updates > 0
    np.testing.assert_allclose(weights(fast), weights(stock), atol=2e-5)
    np.testing.assert_allclose(fast.replay_buffer.actions, stock.replay_buffer.actions, atol=2e-5)
    logs = [
        {key: value for key, value in model.logger.name_to_value.items() if key.startswith("train/")}
        for model in (fast, stock)
    ]
    assert logs[0] == pytest.approx(logs[1], rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("option", ["max_grad_norm", "action_penalty", "target_range"])
def test_each_limit_changes_the_steps(option: str) -> None:
    values = {"max_grad_norm": 1e-3, "action_penalty": 5.0, "target_range": [-0.2, -0.1]}
    plain, limited = (
        weights(trained("ddpg", "stock", off_policy=options).model)
        for options in ({}, {option: values[option]})
    )
    assert np.abs(plain - limited).max() > 1e-4


def test_random_actions_are_as_frequent_as_said() -> None:
    parameters = {"learning_starts": 0, "gradient_steps": 0, "buffer_size": 800}
    learner = trained(
        "ddpg", "stock", 400, off_policy={"random_actions": 0.25}, algorithm_parameters=parameters
    )
    buffer = learner.model.replay_buffer
    with torch.no_grad():
        rows = np.arange(800)
        batch = buffer.transitions(rows, rows[:0], learner.model.get_vec_normalize_env())
        policy = learner.model.actor(batch.observations).numpy()
    assert policy.shape == batch.actions.shape
    far = np.abs(policy - batch.actions.numpy()).max(axis=1) > 0.2
    assert 0.15 < far.mean() < 0.32
