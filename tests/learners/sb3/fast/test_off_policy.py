import copy
import logging
import pickle
import random
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest
import torch
from sb3_contrib import TQC
from stable_baselines3 import SAC, TD3
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.noise import NormalActionNoise

import rl_pipeline.models
from rl_pipeline.learners.sb3.fast import FastSAC, FastTD3, FastTQC
from rl_pipeline.models.blocks.layer_norm import with_layer_norm

from .conftest import BOX, ModelFactory, weights

STOCK: dict[type[BaseAlgorithm], type[BaseAlgorithm]] = {FastSAC: SAC, FastTD3: TD3, FastTQC: TQC}
SMALL: dict[str, Any] = {
    "learning_starts": 16,
    "batch_size": 8,
    "buffer_size": 400,
    "policy_kwargs": {"net_arch": [12, 8]},
}
NORMALIZED_LAYERS: dict[str, Any] = {
    "policy_kwargs": {"net_arch": [32, 32], "activation_fn": with_layer_norm(torch.nn.Tanh)}
}
DECAYING_WEIGHTS: dict[str, Any] = {
    "policy_kwargs": {
        "net_arch": [12],
        "optimizer_class": torch.optim.AdamW,
        "optimizer_kwargs": {"weight_decay": 0.3, "betas": [0.8, 0.99]},
    }
}
CASES: dict[str, tuple[type[BaseAlgorithm], dict[str, Any]]] = {
    "SAC": (FastSAC, {"gradient_steps": 3, "target_update_interval": 2}),
    "SAC, fixed entropy coefficient, three critics": (
        FastSAC,
        {"ent_coef": 0.2, "n_steps": 3, "policy_kwargs": {"n_critics": 3, "net_arch": [12]}},
    ),
    "TD3": (FastTD3, {"gradient_steps": 3, "action_noise": NormalActionNoise(np.zeros(3), 0.1 * np.ones(3))}),
    "TQC": (FastTQC, {"top_quantiles_to_drop_per_net": 3, "gradient_steps": 2}),
    "SAC, AdamW": (FastSAC, DECAYING_WEIGHTS),
    "TD3, AdamW": (FastTD3, DECAYING_WEIGHTS),
    "SAC, layer norm": (FastSAC, NORMALIZED_LAYERS),
    "TQC, layer norm": (FastTQC, NORMALIZED_LAYERS),
}


def assert_same(fast: BaseAlgorithm, stock: BaseAlgorithm, tolerance: float) -> None:
    np.testing.assert_allclose(weights(fast), weights(stock), atol=tolerance)
    for name in ("actor", "critic"):
        mine, theirs = (getattr(model, name).optimizer.state_dict()["state"] for model in (fast, stock))
        assert mine.keys() == theirs.keys()
        for parameter, state in theirs.items():
            torch.testing.assert_close(mine[parameter], state, rtol=1e-3, atol=tolerance)


@pytest.mark.parametrize("case", CASES)
def test_training_equals_stock(make_model: ModelFactory, case: str) -> None:
    fast_class, options = CASES[case]
    fast, stock = (
        make_model(model_class, **SMALL | options).learn(16 + 4 * 6)
        for model_class in (fast_class, STOCK[fast_class])
    )
    assert hasattr(fast._compiled, "run")
    assert fast._n_updates == stock._n_updates > 0
    assert_same(fast, stock, 2e-5)
    for name in ("observations", "actions", "rewards", "next_observations", "dones", "timeouts"):
        mine, theirs = getattr(fast.replay_buffer, name), getattr(stock.replay_buffer, name)
        np.testing.assert_allclose(mine, theirs, atol=2e-5)
    logs = [
        {key: value for key, value in model.logger.name_to_value.items() if key.startswith("train/")}
        for model in (fast, stock)
    ]
    assert logs[0].keys() == logs[1].keys()
    for key, value in logs[1].items():
        assert logs[0][key] == pytest.approx(value, rel=1e-4, abs=1e-4), key
    if getattr(stock, "log_ent_coef", None) is not None:
        assert fast.log_ent_coef.item() == pytest.approx(stock.log_ent_coef.item(), abs=1e-6)


def test_a_model_loaded_with_its_code_leaves_compiled_training_as_it_is(make_model: ModelFactory) -> None:
    cloudpickle.register_pickle_by_value(rl_pipeline.models)  # as for a model.zip
    try:
        saved = cloudpickle.dumps(with_layer_norm(torch.nn.Tanh))
    finally:
        cloudpickle.unregister_pickle_by_value(rl_pipeline.models)
    pickle.loads(saved)
    model = make_model(FastSAC, **SMALL | NORMALIZED_LAYERS).learn(16 + 4)
    assert hasattr(model._compiled, "run")


@pytest.mark.parametrize("fast_class", STOCK)
def test_one_update_equals_stock(make_model: ModelFactory, fast_class: type[BaseAlgorithm]) -> None:
    stock = make_model(STOCK[fast_class], **SMALL).learn(60)
    fast = make_model(fast_class, **SMALL)
    fast.set_parameters(copy.deepcopy(stock.get_parameters()))
    fast.replay_buffer, fast._n_updates = stock.replay_buffer, stock._n_updates
    if hasattr(stock, "log_ent_coef"):
        fast.log_ent_coef.data = stock.log_ent_coef.data.clone()
    for model in (stock, fast):
        np.random.seed(0)
        torch.manual_seed(0)
        model.train(gradient_steps=2, batch_size=32)
    assert_same(fast, stock, 1e-5)
    for key, value in stock.logger.name_to_value.items():
        if key.startswith("train/"):
            assert fast.logger.name_to_value[key] == pytest.approx(value, rel=1e-5, abs=1e-5), key


@pytest.mark.parametrize("fast_class", STOCK)
def test_stock_loads_and_continues_a_saved_model(
    make_model: ModelFactory, fast_class: type[BaseAlgorithm], tmp_path: Path
) -> None:
    fast = make_model(fast_class, **SMALL).learn(60)
    fast.save(tmp_path / "model.zip")
    stock = STOCK[fast_class].load(tmp_path / "model.zip", env=fast.env, device="cpu")
    assert_same(stock, fast, 0)
    observations = np.ones((3, 5), np.float32)
    expected = fast.predict(observations, deterministic=True)[0]
    np.testing.assert_array_equal(stock.predict(observations, deterministic=True)[0], expected)
    stock.replay_buffer = fast.replay_buffer
    stock.learn(40, reset_num_timesteps=False)
    assert (
        stock.critic.optimizer.state_dict()["state"][0]["step"] == 21
    )  # 11 in the first run, 10 in the second
    assert not np.array_equal(weights(stock), weights(fast))


@pytest.mark.parametrize("fast_class", STOCK)
def test_continuing_from_a_saved_state_is_bit_identical(
    make_model: ModelFactory, fast_class: type[BaseAlgorithm], tmp_path: Path
) -> None:
    model = make_model(fast_class, **SMALL).learn(60)
    model.save(tmp_path / "model.zip")
    env, buffer = copy.deepcopy(model.env), copy.deepcopy(model.replay_buffer)
    generators = random.getstate(), np.random.get_state(), torch.get_rng_state()
    model.learn(40, reset_num_timesteps=False)

    resumed = fast_class.load(tmp_path / "model.zip", env=env, force_reset=False, device="cpu")
    resumed.replay_buffer = buffer
    random.setstate(generators[0])
    np.random.set_state(generators[1])
    torch.set_rng_state(generators[2])
    resumed.learn(40, reset_num_timesteps=False)
    np.testing.assert_array_equal(weights(resumed), weights(model))


def test_weights_changed_from_outside_are_used(make_model: ModelFactory) -> None:
    model = make_model(FastTD3, **SMALL, learning_rate=0.0).learn(60)
    zeros = {name: torch.zeros_like(value) for name, value in model.policy.state_dict().items()}
    model.policy.load_state_dict(zeros)
    model.learn(40, reset_num_timesteps=False)
    assert not weights(model).any()
    assert not model.replay_buffer.actions[model.replay_buffer.pos - 1].any()


@pytest.mark.parametrize(
    ("options", "reason"),
    [({"use_sde": True}, "gSDE"), ({"policy_kwargs": {"optimizer_class": torch.optim.NAdam}}, "NAdam")],
)
def test_what_is_not_covered_trains_as_stock_and_says_so_once(
    make_model: ModelFactory, caplog: pytest.LogCaptureFixture, options: dict[str, Any], reason: str
) -> None:
    with caplog.at_level(logging.WARNING, "rl_pipeline"):
        fast = make_model(FastSAC, BOX, **SMALL | options).learn(40)
    assert [reason in record.getMessage() for record in caplog.records] == [True]
    assert_same(fast, make_model(SAC, BOX, **SMALL | options).learn(40), 0)
