import copy
import logging
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from stable_baselines3 import PPO
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback

from rl_pipeline.learners.sb3.fast import FastPPO
from rl_pipeline.learners.sb3.fast.actor_critic import ActorCritic, fits_one_thread

from .conftest import BOX, ModelFactory, weights

SMALL: dict[str, Any] = {
    "n_steps": 32,
    "batch_size": 16,
    "n_epochs": 3,
    "policy_kwargs": {"net_arch": [16, 8]},
}
OPTIONS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "other coefficients": {
        "batch_size": 30,
        "normalize_advantage": False,
        "ent_coef": 0.01,
        "vf_coef": 0.7,
        "max_grad_norm": 0.05,
    },
    "last minibatch of one": {"n_steps": 31, "batch_size": 41, "clip_range_vf": 0.1},
    "early stop": {"target_kl": 1e-4, "learning_rate": 1e-2},
    "AdamW": {"policy_kwargs": {"net_arch": [8], "optimizer_class": torch.optim.AdamW}},
    "separate networks": {
        "policy_kwargs": {"net_arch": {"pi": [12], "vf": []}, "activation_fn": torch.nn.ELU}
    },
}
ACTION_SPACES: dict[str, spaces.Space] = {
    "box": BOX,
    "discrete": spaces.Discrete(4),
    "multi-discrete": spaces.MultiDiscrete([3, 2]),
    "multi-binary": spaces.MultiBinary(3),
}


def logged(model: BaseAlgorithm) -> dict[str, float]:
    return {key: value for key, value in model.logger.name_to_value.items() if key.startswith("train/")}


def one_update(
    make_model: ModelFactory, space: spaces.Space, **kwargs: Any
) -> tuple[BaseAlgorithm, BaseAlgorithm]:
    """A stock and a fast model after an update from the same rollout, weights and permutation."""
    stock, fast = (make_model(model_class, space, **SMALL | kwargs) for model_class in (PPO, FastPPO))
    stock.learn(stock.n_steps * stock.n_envs)
    fast.set_parameters(copy.deepcopy(stock.get_parameters()))
    stock.collect_rollouts(stock.env, NoCallback().on(stock), stock.rollout_buffer, stock.n_steps)
    fast.rollout_buffer = copy.deepcopy(stock.rollout_buffer)
    fast._n_updates = stock._n_updates
    for model in (stock, fast):
        np.random.seed(0)
        model.train()
    assert isinstance(fast, FastPPO)
    assert isinstance(fast._compiled, tuple)
    return stock, fast


class NoCallback(BaseCallback):
    def on(self, model: BaseAlgorithm) -> "NoCallback":
        self.init_callback(model)
        return self

    def _on_step(self) -> bool:
        return True


@pytest.mark.filterwarnings("ignore:You have specified a mini-batch size")
@pytest.mark.parametrize("options", OPTIONS)
def test_one_update_equals_stock(make_model: ModelFactory, options: str) -> None:
    stock, fast = one_update(make_model, BOX, **OPTIONS[options])
    np.testing.assert_allclose(weights(fast), weights(stock), atol=1e-5)
    assert logged(fast).keys() == logged(stock).keys()
    for key, value in logged(stock).items():
        assert logged(fast)[key] == pytest.approx(value, rel=1e-5, abs=1e-5), key
    assert fast._n_updates == stock._n_updates
    for mine, theirs in zip(fast.policy.parameters(), stock.policy.parameters(), strict=True):
        mine_state, theirs_state = fast.policy.optimizer.state[mine], stock.policy.optimizer.state[theirs]
        assert mine_state["step"] == theirs_state["step"]
        torch.testing.assert_close(mine_state["exp_avg"], theirs_state["exp_avg"], rtol=1e-3, atol=1e-5)
        torch.testing.assert_close(mine_state["exp_avg_sq"], theirs_state["exp_avg_sq"], rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize("space", ["discrete", "multi-discrete", "multi-binary"])
def test_one_update_equals_stock_for_discrete_actions(make_model: ModelFactory, space: str) -> None:
    stock, fast = one_update(make_model, ACTION_SPACES[space], ent_coef=0.01)
    np.testing.assert_allclose(weights(fast), weights(stock), atol=1e-5)
    for key, value in logged(stock).items():
        assert logged(fast)[key] == pytest.approx(value, rel=1e-5, abs=1e-5), key


@pytest.mark.parametrize(
    ("space", "dtype"), [*((name, np.float32) for name in ACTION_SPACES), ("box", np.float64)]
)
def test_a_rollout_equals_stock(make_model: ModelFactory, space: str, dtype: type) -> None:
    rollouts = []
    for model_class in (PPO, FastPPO):
        model = make_model(model_class, ACTION_SPACES[space], observation_dtype=dtype, **SMALL)
        model.train = lambda: None  # type: ignore[method-assign]
        model.learn(2 * model.n_steps * model.n_envs)
        rollouts.append(
            (model.rollout_buffer, list(model.ep_info_buffer), model.num_timesteps, model._last_obs)
        )
    (stock, *stock_rest), (fast, *fast_rest) = rollouts
    for name in (
        "observations",
        "actions",
        "rewards",
        "episode_starts",
        "values",
        "log_probs",
        "advantages",
        "returns",
    ):
        assert getattr(fast, name).dtype == getattr(stock, name).dtype
        np.testing.assert_allclose(
            getattr(fast, name), getattr(stock, name), rtol=1e-4, atol=2e-5, err_msg=name
        )
    assert len(fast_rest[0]) == len(stock_rest[0]) > 0
    assert fast_rest[1] == stock_rest[1]
    np.testing.assert_allclose(fast_rest[2], stock_rest[2], atol=1e-5)


def test_large_networks_act_as_stock(make_model: ModelFactory) -> None:
    fast, stock = (
        make_model(
            model_class, n_steps=8, batch_size=16, n_epochs=1, policy_kwargs={"net_arch": [300, 250]}
        ).learn(32)
        for model_class in (FastPPO, PPO)
    )
    assert not fits_one_thread(fast.policy, fast.n_envs)
    np.testing.assert_allclose(fast.rollout_buffer.actions, stock.rollout_buffer.actions, atol=1e-5)
    np.testing.assert_allclose(fast.rollout_buffer.log_probs, stock.rollout_buffer.log_probs, atol=1e-4)


def test_a_large_network_is_compiled_once_for_any_number_of_observations(make_model: ModelFactory) -> None:
    model = make_model(FastPPO, BOX, policy_kwargs={"net_arch": [512, 512]})
    network = ActorCritic(model.policy)
    actor = network.actor(model.n_envs)
    observations = np.random.default_rng(0).normal(size=(model.n_envs, 5)).astype(np.float32)
    all_values = actor.values(observations)
    for n in range(1, model.n_envs):
        np.testing.assert_array_equal(actor.values(observations[:n]), all_values[:n])
    assert network._compiled._cache_size() == 1  # type: ignore[attr-defined]


def test_a_callback_sees_each_step_and_can_stop(make_model: ModelFactory) -> None:
    class Stop(BaseCallback):
        def _on_step(self) -> bool:
            assert self.locals["rewards"].shape == (4,)
            assert self.locals["values"].shape == (4,)
            return self.n_calls < 5

    model = make_model(FastPPO, **SMALL)
    model.learn(1000, callback=Stop())
    assert model.num_timesteps == 5 * 4


def test_stock_loads_and_continues_a_saved_model(make_model: ModelFactory, tmp_path: Path) -> None:
    fast = make_model(FastPPO, **SMALL)
    fast.learn(256)
    fast.save(tmp_path / "model.zip")
    stock = PPO.load(tmp_path / "model.zip", env=fast.env, device="cpu")
    np.testing.assert_array_equal(weights(stock), weights(fast))
    states = [m.policy.optimizer.state_dict()["state"] for m in (stock, fast)]
    assert states[0][0]["step"] == states[1][0]["step"] == 48
    torch.testing.assert_close(states[0], states[1], rtol=0, atol=0)
    stock.learn(128, reset_num_timesteps=False)
    assert stock.num_timesteps == 384
    assert not np.array_equal(weights(stock), weights(fast))


def test_continuing_from_a_saved_state_is_bit_identical(make_model: ModelFactory, tmp_path: Path) -> None:
    model = make_model(FastPPO, **SMALL)
    model.learn(256)
    model.save(tmp_path / "model.zip")
    env = copy.deepcopy(model.env)
    generators = random.getstate(), np.random.get_state(), torch.get_rng_state()
    model.learn(256, reset_num_timesteps=False)

    resumed = FastPPO.load(tmp_path / "model.zip", env=env, force_reset=False, device="cpu")
    random.setstate(generators[0])
    np.random.set_state(generators[1])
    torch.set_rng_state(generators[2])
    resumed.learn(256, reset_num_timesteps=False)
    np.testing.assert_array_equal(weights(resumed), weights(model))


def test_the_same_seed_gives_the_same_weights(make_model: ModelFactory) -> None:
    first, second = (make_model(FastPPO, **SMALL).learn(256) for _ in range(2))
    np.testing.assert_array_equal(weights(first), weights(second))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"use_sde": True}, "StateDependentNoise"),
        ({"policy_kwargs": {"optimizer_class": torch.optim.NAdam}}, "NAdam"),
        ({"policy_kwargs": {"optimizer_kwargs": {"weight_decay": 0.1}}}, "adds weight_decay"),
        ({"policy_kwargs": {"activation_fn": torch.nn.RReLU}}, "RReLU"),
    ],
)
def test_what_is_not_covered_trains_as_stock_and_says_so_once(
    make_model: ModelFactory, caplog: pytest.LogCaptureFixture, options: dict[str, Any], reason: str
) -> None:
    with caplog.at_level(logging.WARNING, "rl_pipeline"):
        fast = make_model(FastPPO, **SMALL | options).learn(256)
    assert [reason in record.getMessage() for record in caplog.records] == [True]
    stock = make_model(PPO, **SMALL | options).learn(256)
    np.testing.assert_allclose(weights(fast), weights(stock), atol=1e-5)


def test_without_jax_the_update_runs_as_stock_and_says_so_once(
    make_model: ModelFactory, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jax", None)
    with caplog.at_level(logging.WARNING, "rl_pipeline"):
        fast = make_model(FastPPO, **SMALL).learn(256)
    assert ["JAX is missing" in record.getMessage() for record in caplog.records] == [True]
    np.testing.assert_allclose(weights(fast), weights(make_model(PPO, **SMALL).learn(256)), atol=1e-5)
