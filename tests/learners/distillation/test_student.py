"""A student acts one step at a time as it learned whole sequences, and padding changes nothing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces

from rl_pipeline.config.distillation import Distillation
from rl_pipeline.deploy.graph import write_graph
from rl_pipeline.learners.distillation.data import Sequence32, pad
from rl_pipeline.learners.distillation.policy import DistilledPolicy
from rl_pipeline.learners.distillation.student import Prediction
from rl_pipeline.policies.onnx import OnnxPolicy
from tests.learners.distillation.sample_rollouts import spec

MODELS = ("rnn", "lstm", "gru", "mlp")
OBSERVATION = spaces.Box(-np.inf, np.inf, (3,), np.float32)
ACTION = spaces.Box(-2, 2, (1,), np.float32)


def make_policy(model: str, **settings: Any) -> DistilledPolicy:
    torch.manual_seed(0)
    return DistilledPolicy(
        Distillation(files=["none"], model=model, layers=2, width=16, **settings), OBSERVATION, ACTION
    )


def observations(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(*shape, 3)).astype(np.float32)


@pytest.mark.parametrize("model", MODELS)
def test_steps_give_what_the_whole_sequence_gives(model: str) -> None:
    policy = make_policy(model)
    rows = observations(4, 30)
    with torch.no_grad():
        whole = policy.student.eval()(torch.from_numpy(rows), policy.student.start(4))
        expected = policy.student.to_actions(whole.means).numpy()
    memory = None
    for step in range(30):
        actions, memory = policy.act(rows[:, step], memory, np.full(4, step == 0))
        np.testing.assert_allclose(actions, expected[:, step], atol=1e-6)


@pytest.mark.parametrize("model", MODELS[:3])
def test_only_the_environments_that_start_forget(model: str) -> None:
    policy = make_policy(model)
    rows = observations(3, 6)
    memory = None
    for step in range(6):
        starts = np.array([step == 0, step in (0, 4), step == 0])
        actions, memory = policy.act(rows[:, step], memory, starts)
    for row, first in ((0, 0), (1, 4), (2, 0)):
        alone = None
        for step in range(first, 6):
            action, alone = policy.act(rows[row : row + 1, step], alone, np.array([step == first]))
        np.testing.assert_allclose(action[0], actions[row], atol=1e-6)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("head", ["deterministic", "gaussian"])
def test_padding_changes_neither_loss_nor_gradient(model: str, head: str) -> None:
    policy = make_policy(model, head=head)
    student = policy.student
    rng = np.random.default_rng(2)
    sequences = [
        Sequence32(
            observations(length), rng.normal(size=(length, 1)).astype(np.float32), np.ones(length, np.float32)
        )
        for length in (3, 9, 5)
    ]

    def gradients(batches: list[list[Sequence32]], *, packed: bool = False) -> tuple[float, list[np.ndarray]]:
        student.zero_grad()
        total = 0.0
        for sequences in batches:
            batch = pad(sequences)
            batch.inputs[batch.weights == 0] = 77.0  # what padding holds must not matter
            lengths = batch.lengths if packed else None
            prediction = Prediction(
                *student(torch.from_numpy(batch.inputs), student.start(len(sequences)), lengths)
            )
            errors = student.error(prediction, student.to_units(torch.from_numpy(batch.targets)))
            loss = (errors * torch.from_numpy(batch.weights)).sum()
            loss.backward()
            total += loss.item()
        return total, [p.grad.numpy().copy() for p in student.parameters() if p.grad is not None]

    alone = gradients([[one] for one in sequences])
    for packed in (False, True):
        together = gradients([sequences], packed=packed)
        assert together[0] == pytest.approx(alone[0], rel=1e-5)
        for one, other in zip(alone[1], together[1], strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("model", MODELS)
def test_the_exported_graph_carries_the_hidden_state(model: str, tmp_path: Path) -> None:
    policy = make_policy(model, head="gaussian", inputs=[2, 0])
    write_graph(policy.network(), spec(), tmp_path / "policy.onnx")
    exported = OnnxPolicy(tmp_path / "policy.onnx")
    rows = observations(5, 12)
    rng = np.random.default_rng(3)
    own = theirs = None
    for step in range(12):
        starts = np.ones(5, bool) if step == 0 else rng.random(5) < 0.2
        expected, own = policy.act(rows[:, step], own, starts)
        found, theirs = exported.act(rows[:, step], theirs, starts)
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_gaussian_head_samples() -> None:
    policy = make_policy("gru", head="gaussian")
    starts = np.ones(4, bool)
    with policy.sampling(1):
        one, _ = policy.act(observations(4), None, starts, deterministic=False)
    with policy.sampling(1):
        other, _ = policy.act(observations(4), None, starts, deterministic=False)
    likely, _ = policy.act(observations(4), None, starts)
    np.testing.assert_array_equal(one, other)
    assert not np.array_equal(one, likely)


def test_hidden_inputs_do_not_reach_the_network() -> None:
    policy = make_policy("gru", inputs=[0, 1])
    rows = observations(4)
    before, _ = policy.act(rows, None, np.ones(4, bool))
    rows[:, 2] += 5.0
    after, _ = policy.act(rows, None, np.ones(4, bool))
    np.testing.assert_array_equal(before, after)
