"""A graph that acts: one without and one with a memory, and files that are none."""

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from rl_pipeline.learners.policy_spec import signals_of
from rl_pipeline.policies.loading import load_policy
from rl_pipeline.policies.onnx import ONNX, OnnxPolicy
from rl_pipeline.policies.policy import PolicyFileError
from rl_pipeline.policies.spec import PolicySpec, write_spec
from rl_pipeline.policies.transforms import StackFrames

from .graphs import WEIGHTS, counter, linear, value, write


def test_a_graph_acts_on_a_batch(tmp_path: Path) -> None:
    policy = OnnxPolicy(linear(tmp_path / "a.onnx"))
    observations = np.random.default_rng(1).normal(size=(5, 4))  # float64: cast as the graph needs it
    actions, memory = policy.act(observations, None, np.ones(5, bool))
    np.testing.assert_allclose(actions, observations.astype(np.float32) @ WEIGHTS, rtol=1e-6)
    assert (memory, policy.has_memory) == (None, False)


def test_a_memory_begins_anew_with_every_episode(tmp_path: Path) -> None:
    policy = OnnxPolicy(counter(tmp_path / "a.onnx"))
    counts, memory = [], None
    for starts in ([True, True], [False, False], [False, True], [False, False]):
        actions, memory = policy.act({"gear": np.array([[3], [4]])}, memory, np.array(starts))
        counts.append(actions[:, 0].tolist())
    assert policy.has_memory
    assert counts == [[1, 1], [2, 2], [3, 1], [4, 2]]


def test_a_folder_with_a_spec_is_loaded_with_its_transforms(tmp_path: Path) -> None:
    from gymnasium import spaces

    linear(tmp_path / ONNX)
    raw, seen = spaces.Box(-1, 1, (2,), np.float32), spaces.Box(-1, 1, (4,), np.float32)
    transforms = (StackFrames(2, {"observation": 0}),)
    action = signals_of(raw)
    assert not isinstance(action, dict)
    write_spec(PolicySpec("onnx", signals_of(raw), signals_of(seen), action, transforms=transforms), tmp_path)
    policy, memory = load_policy(tmp_path), None
    first, second = np.random.default_rng(2).normal(size=(2, 1, 2)).astype(np.float32)
    _, memory = policy.act(first, memory, np.array([True]))
    actions, _ = policy.act(second, memory, np.array([False]))
    np.testing.assert_allclose(actions, np.concatenate([first, second], axis=1) @ WEIGHTS, rtol=1e-6)


def test_what_is_no_policy_is_refused(tmp_path: Path) -> None:
    (tmp_path / "damaged.onnx").write_bytes(b"nothing")
    with pytest.raises(PolicyFileError, match=r"damaged\.onnx cannot be loaded"):
        OnnxPolicy(tmp_path / "damaged.onnx")
    with pytest.raises(PolicyFileError, match=r"absent\.onnx cannot be loaded"):
        OnnxPolicy(tmp_path / "absent.onnx")
    with pytest.raises(PolicyFileError, match="has the outputs value; a policy has action"):
        OnnxPolicy(linear(tmp_path / "value.onnx", output="value"))


def test_samples_are_refused(tmp_path: Path) -> None:
    policy = OnnxPolicy(linear(tmp_path / "a.onnx"))
    with pytest.raises(ValueError, match="deterministic=True"):
        policy.act(np.zeros((1, 4)), None, np.ones(1, bool), deterministic=False)


def masked(path: Path) -> Path:
    """Write a graph that gives the number of allowed actions."""
    nodes = [
        helper.make_node("Cast", ["action_masks"], ["numbers"], to=TensorProto.INT64),
        helper.make_node("ReduceSum", ["numbers", "constant_0"], ["sum"], keepdims=1),
        helper.make_node("Mul", ["observation", "constant_1"], ["nothing"]),
        helper.make_node("Add", ["sum", "nothing"], ["action"]),
    ]
    kind = TensorProto.INT64
    inputs = [value("observation", 1, kind=kind), value("action_masks", 3, kind=TensorProto.BOOL)]
    constants = np.array([1]), np.array([0])
    return write(path, nodes, inputs, [value("action", 1, kind=kind)], *constants)


def test_action_masks_are_needed_or_refused(tmp_path: Path) -> None:
    policy = OnnxPolicy(masked(tmp_path / "a.onnx"))
    observations, starts = np.zeros((2, 1), np.int64), np.ones(2, bool)
    masks = np.array([[True, False, True], [False, False, True]])
    actions, _ = policy.act(observations, None, starts, action_masks=masks)
    assert (policy.needs_action_masks, actions.tolist()) == (True, [[2], [1]])
    with pytest.raises(ValueError, match="this policy needs action_masks"):
        policy.act(observations, None, starts)
    with pytest.raises(ValueError, match="this policy takes no action_masks"):
        OnnxPolicy(linear(tmp_path / "b.onnx")).act(np.zeros((2, 4)), None, starts, action_masks=masks)


def test_the_number_of_rows_may_change(tmp_path: Path) -> None:
    policy = OnnxPolicy(counter(tmp_path / "a.onnx"))
    for n in (2, 3, 2):
        actions, memory = policy.act({"gear": np.zeros((n, 1), np.int64)}, None, np.ones(n, bool))
        actions, _ = policy.act({"gear": np.zeros((n, 1), np.int64)}, memory, np.zeros(n, bool))
        assert actions[:, 0].tolist() == [2] * n
