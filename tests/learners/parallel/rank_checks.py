"""Run by every rank that `test_ranks.py` starts: several ranks do what one process does with all their data."""

import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from stable_baselines3 import SAC, TD3
from stable_baselines3.common.vec_env import DummyVecEnv

from rl_pipeline.config.environment import Environment
from rl_pipeline.config.training import Training
from rl_pipeline.envs.factory import make_vector_env
from rl_pipeline.learners.parallel.joining import joined_ranks
from rl_pipeline.learners.parallel.ranks import POLL_S, RankLostError, Ranks, rank_seed
from rl_pipeline.learners.parallel.statistics import merge_statistics
from rl_pipeline.learners.sb3.fast.actor_critic import ActorCritic
from rl_pipeline.learners.sb3.fast.adam import TorchAdam
from rl_pipeline.learners.sb3.fast.critic_objectives import ClippedDoubleQ
from rl_pipeline.learners.sb3.fast.ppo import FastPPO
from rl_pipeline.learners.sb3.fast.ppo_update import Minibatch, PPOOptions, PPOUpdate
from rl_pipeline.learners.sb3.fast.replay import Transitions
from rl_pipeline.learners.sb3.fast.shared_off_policy import SharedSoftUpdate, SharedTD3Update
from rl_pipeline.learners.sb3.fast.shared_ppo_update import SharedPPOUpdate
from rl_pipeline.learners.sb3.fast.soft_actor_critic import SoftUpdate
from rl_pipeline.learners.sb3.fast.td3_update import TD3Update
from rl_pipeline.learners.sb3.learner import SB3Learner
from rl_pipeline.learners.sb3.parallel import average_before_steps
from rl_pipeline.wrappers.running_statistics import RunningStatistics

CLOSE = {"rtol": 1e-4, "atol": 1e-5}
BATCH = 16
MakePPO = Callable[[ActorCritic, TorchAdam], PPOUpdate]


def small() -> dict[str, Any]:
    return {"policy_kwargs": {"net_arch": [8]}, "device": "cpu", "seed": 1}  # SB3 writes into it


def pendulum() -> DummyVecEnv:
    return DummyVecEnv([lambda: gymnasium.make("Pendulum-v1")])


def check_exchange(ranks: Ranks) -> None:
    for dtype in (np.float32, np.float64):
        array = np.arange(5, dtype=dtype) + ranks.rank
        ranks.mean(array)
        np.testing.assert_array_equal(array, np.arange(5) + (ranks.size - 1) / 2)
    stacked = ranks.stack(np.full((2, 3), ranks.rank))
    np.testing.assert_array_equal(stacked[:, 1, 2], np.arange(ranks.size))
    assert ranks.gather({"rank": "x" * ranks.rank}) == [{"rank": "x" * rank} for rank in range(ranks.size)]
    assert ranks.broadcast(ranks.rank) == 0
    assert ranks.any(ranks.rank == 1, False) == (True, False)
    assert [peer.rank for peer in ranks.peers] == list(range(ranks.size))
    assert ranks.from_first(lambda: ranks.rank) == 0


def check_statistics(ranks: Ranks) -> None:
    rng = np.random.default_rng(0)
    alone, shared = RunningStatistics((3,)), RunningStatistics((3,))
    shared.share()
    for _ in range(20):
        batches = 100 + rng.normal(size=(ranks.size, 4, 3))
        for batch in batches:
            alone.update(batch)
        shared.update(batches[ranks.rank])
        merge_statistics([shared], ranks)
    assert shared.count == alone.count
    np.testing.assert_allclose(shared.mean, alone.mean, rtol=1e-13)
    np.testing.assert_allclose(shared.var, alone.var, rtol=1e-11)
    everywhere = ranks.stack(shared.var)
    assert (everywhere == everywhere[0]).all()


def check_ppo(ranks: Ranks) -> None:
    n = 3 * BATCH
    rng = np.random.default_rng(0)
    shapes = ((3,), (1,), (), (), (), ())
    rollouts = [
        Minibatch(*(rng.normal(size=(n, *shape)).astype(np.float32) + rank for shape in shapes))
        for rank in range(ranks.size)
    ]
    joined = Minibatch(*(np.concatenate(arrays) for arrays in zip(*rollouts, strict=True)))
    order = rng.permutation(n)
    minibatches = [order[start : start + BATCH] for start in range(0, n, BATCH)]
    whole_order = np.concatenate([rows + rank * n for rows in minibatches for rank in range(ranks.size)])
    numbers = {
        "clip_range": 0.2,
        "clip_range_vf": 0.0,
        "ent_coef": 0.01,
        "vf_coef": 0.5,
        "max_grad_norm": 0.5,
    }

    def updated(make: MakePPO, batch: int, data: Minibatch, rows: np.ndarray) -> Any:
        model = FastPPO("MlpPolicy", pendulum(), **small())
        adam = TorchAdam(model.policy.optimizer)
        update = make(ActorCritic(model.policy), adam)
        options = PPOOptions(batch, normalize_advantage=True, clips_values=False, stops_early=True)
        state = adam.read()
        return update.run_epoch(
            state, adam.options(), data, rows, {**numbers, "max_kl": np.inf}, options=options
        )

    alone, _, alone_metrics = updated(PPOUpdate, ranks.size * BATCH, joined, whole_order)
    shared, running, metrics = updated(
        lambda model, adam: SharedPPOUpdate(model, adam, ranks), BATCH, rollouts[ranks.rank], order
    )
    assert running
    np.testing.assert_allclose(shared.exp_avg, alone.exp_avg, **CLOSE)
    np.testing.assert_allclose(shared.parameters, alone.parameters, rtol=1e-3, atol=1e-4)
    for name in ("policy_loss", "value_loss", "approx_kl", "clip_fraction"):
        np.testing.assert_allclose(getattr(metrics, name), getattr(alone_metrics, name), rtol=1e-3, atol=1e-4)
    everywhere = ranks.stack(np.asarray(shared.parameters))
    assert (everywhere == everywhere[0]).all()


def check_soft_actor_critic(ranks: Ranks) -> None:
    def state_after(make: Callable[[SAC], SoftUpdate], rows: slice) -> Any:
        model = SAC("MlpPolicy", pendulum(), buffer_size=10, **small())
        update = make(model)
        options = np.stack([adam.options() for adam in update._adams])
        numbers = update._parameters(moves_target=True)
        return update._gradient_step(update._read(), part_of(batch, rows), noise[:, rows], options, numbers)

    batch, noise = transitions(ranks.size * BATCH), normal(2, ranks.size * BATCH, 1)
    objective = ClippedDoubleQ(loss_scale=0.5, first_only=False)
    alone, alone_metrics = state_after(lambda model: SoftUpdate(model, objective), slice(None))
    shared, metrics = state_after(lambda model: SharedSoftUpdate(model, objective, ranks), own_rows(ranks))
    for name in ("actor", "critic", "entropy"):  # after one step, the moment is a tenth of the gradient
        np.testing.assert_allclose(getattr(shared, name).exp_avg, getattr(alone, name).exp_avg, **CLOSE)
    np.testing.assert_allclose(metrics, alone_metrics, rtol=1e-4, atol=1e-5)


def check_td3(ranks: Ranks) -> None:
    def state_after(make: Callable[[TD3], TD3Update], rows: slice) -> Any:
        update = make(TD3("MlpPolicy", pendulum(), buffer_size=10, **small()))
        options = np.stack([update._actor_adam.options(), update._critic_adam.options()])
        numbers, data = np.array([0.005, 0.5], np.float32), part_of(batch, rows)
        return update._gradient_step(update._read(), data, noise[rows], options, numbers, moves_actor=True)

    batch, noise = transitions(ranks.size * BATCH), normal(ranks.size * BATCH, 1)
    alone, _ = state_after(TD3Update, slice(None))
    shared, _ = state_after(lambda model: SharedTD3Update(model, ranks), own_rows(ranks))
    for name in ("actor", "critic"):
        np.testing.assert_allclose(getattr(shared, name).exp_avg, getattr(alone, name).exp_avg, **CLOSE)


def check_optimizer_of_torch(ranks: Ranks) -> None:
    inputs = torch.from_numpy(normal(ranks.size * BATCH, 3))
    gradients = []
    for rows, shares in ((slice(None), False), (own_rows(ranks), True)):
        torch.manual_seed(0)
        layer = torch.nn.Linear(3, 2)
        optimizer = torch.optim.SGD(layer.parameters())
        if shares:
            average_before_steps(optimizer, ranks)
        layer(inputs[rows]).square().mean().backward()
        optimizer.step()
        gradients.append(layer.weight.grad)
    torch.testing.assert_close(*gradients)


def check_hindsight_replay(ranks: Ranks) -> None:
    """Ranks with DDPG and hindsight replay learn alike from replay of their own."""
    parameters = {"batch_size": BATCH, "learning_starts": 200, "buffer_size": 300}
    training = Training(
        algorithm="ddpg",
        algorithm_parameters=parameters,
        hindsight_replay={},  # type: ignore[arg-type]
        architecture={"net_arch": [8]},  # type: ignore[arg-type]
        training={"device": "cpu"},  # type: ignore[arg-type]
    )
    assert SB3Learner.check_parallel(training) == []
    seed = rank_seed(0, ranks.rank)
    env = make_vector_env(Environment(id="FetchReach-v4"), seed=seed)
    learner = SB3Learner(training, env, seed=seed)
    learner.join(ranks)
    learner.start()
    while learner.timesteps < 210:
        learner.iterate(lambda phase: None)
    assert learner.timesteps == 210
    own = torch.cat([each.reshape(-1) for each in learner.model.policy.state_dict().values()]).numpy()
    everywhere = ranks.stack(own)
    assert (everywhere == everywhere[0]).all()
    replay = learner.experience_dict()
    assert replay is not None
    rewards = ranks.stack(replay["arrays"]["observations"]["achieved_goal"])
    assert not (rewards == rewards[0]).all()
    env.close()


def check_waiting(ranks: Ranks) -> None:
    """A rank that is slow is waited for, and one that is too slow is reported; the last check."""
    reported = Path(ranks.broadcast(tempfile.mkdtemp())) / "reported"
    if ranks.rank == 1:
        time.sleep(1.5 * POLL_S)
    assert ranks.any(ranks.rank == 1) == (True,)
    if ranks.rank == 1:
        while not reported.exists():
            time.sleep(0.05)
        ranks.any(False)
        return
    ranks.timeout = 0.5
    with pytest.raises(RankLostError, match="waited for .*" + re.escape(str(ranks.peers[1]))):
        ranks.any(False)
    reported.touch()
    time.sleep(POLL_S)  # until rank 1 has made the call as well


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).normal(size=shape).astype(np.float32)


def transitions(n: int) -> Transitions:
    columns = normal(n, 3), np.tanh(normal(n, 1)), normal(n, 3), np.zeros((n, 1), np.float32), normal(n, 1)
    return Transitions(*columns, np.full((n, 1), 0.99, np.float32))


def part_of(batch: Transitions, rows: slice) -> Transitions:
    return Transitions(*(column[rows] for column in batch))


def own_rows(ranks: Ranks) -> slice:
    return slice(ranks.rank * BATCH, (ranks.rank + 1) * BATCH)


if __name__ == "__main__":
    with joined_ranks() as all_ranks:
        assert all_ranks.size == 2
        for check in (
            check_exchange,
            check_statistics,
            check_ppo,
            check_soft_actor_critic,
            check_td3,
            check_optimizer_of_torch,
            check_hindsight_replay,
            check_waiting,
        ):
            check(all_ranks)
        print(
            f"rank {all_ranks.rank} of {all_ranks.size} by {all_ranks.label}: all checks passed", flush=True
        )
