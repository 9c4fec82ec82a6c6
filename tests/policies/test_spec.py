"""`policy.json`: what it keeps, and files that are damaged or come from elsewhere."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from rl_pipeline.learners.policy_spec import signals_of, space_of
from rl_pipeline.policies.loading import load_policy
from rl_pipeline.policies.normalizer_file import write_normalizer
from rl_pipeline.policies.policy import PolicyFileError
from rl_pipeline.policies.spec import PolicySpec, Signal, describe_signals, read_spec, signals_fit, write_spec
from rl_pipeline.policies.transforms import AppendActions, Normalize, SelectNumbers, StackFrames

SPACES: dict[str, spaces.Space[Any]] = {
    "unlimited": spaces.Box(-np.inf, np.inf, (3,), np.float64),
    "half limited": spaces.Box(np.array([-np.inf, 0.1]), np.array([1.0 / 3.0, np.inf]), dtype=np.float64),
    "image": spaces.Box(0, 255, (4, 4, 3), np.uint8),
    "number": spaces.Box(-1.0, 1.0, (), np.float32),
    "discrete": spaces.Discrete(3, start=-1),
    "multi_discrete": spaces.MultiDiscrete([3, 2], start=[1, 0]),
    "multi_binary": spaces.MultiBinary(5),
    "dict": spaces.Dict(joints=spaces.Box(-1.0, 1.0, (3,), np.float32), gear=spaces.Discrete(4)),
}
ACTION = Signal(
    "box",
    (2,),
    "float32",
    np.full(2, -1, np.float32),
    np.full(2, 1, np.float32),
    ("hip", "knee"),
    ("N m",) * 2,
)


def spec(observation: spaces.Space[Any] = SPACES["unlimited"], **values: Any) -> PolicySpec:
    signals = signals_of(observation)
    return PolicySpec("learner", signals, signals, ACTION, **values)


@pytest.mark.parametrize("name", SPACES)
def test_spaces_come_back_to_the_bit(name: str, tmp_path: Path) -> None:
    write_spec(spec(SPACES[name]), tmp_path)
    read = read_spec(tmp_path)
    assert space_of(read.observation) == SPACES[name]
    assert signals_fit(read.observation, signals_of(SPACES[name]))
    json.loads((tmp_path / "policy.json").read_text(), parse_constant=pytest.fail)  # no Infinity: not JSON


def test_names_rate_and_transforms_come_back(tmp_path: Path) -> None:
    mean, var = np.array([0.1, 1e-300, 1.0 / 3.0]), np.array([1.0, 2.0, 3.0])
    write_normalizer(
        tmp_path / "normalizer.npz",
        {"observation": {"observation": {"mean": mean, "var": var, "count": 5.0}}},
    )
    normalize = Normalize({"observation": mean}, {"observation": var}, clip=5.0)
    first = SelectNumbers({"observation": (2, 0)}), StackFrames(3, {"observation": 0})
    transforms = (*first, AppendActions(2, 3, (3,), (-1,)), normalize)
    write_spec(spec(rate=1.0 / 3.0, transforms=transforms, unknown=("Mine",)), tmp_path)
    read = read_spec(tmp_path)
    assert (read.rate, read.action.names, read.action.units) == (1.0 / 3.0, ACTION.names, ACTION.units)
    assert (read.transforms[:3], read.unknown) == (transforms[:3], ("Mine",))
    found = read.transforms[3]
    assert isinstance(found, Normalize)
    np.testing.assert_array_equal(found.mean["observation"], mean)
    np.testing.assert_array_equal(found.var["observation"], var)
    assert (found.clip, found.epsilon) == (5.0, 1e-8)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "format 2, but this version reads 1"),
        ({"action": {"kind": "text"}}, "unknown kind 'text'"),
        (
            {"transforms": [{"type": "crop"}]},
            "unknown transform 'crop'; valid are normalize, select_numbers",
        ),
        ({"transforms": [{"type": "stack_frames"}]}, "KeyError: 'n_frames'"),
        ({"observation": []}, r"policy\.json is damaged"),
        ({"action": {**{"kind": "box", "shape": [2], "dtype": "float32"}, "low": [1]}}, "is damaged"),
    ],
)
def test_damage_is_named(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    write_spec(spec(), tmp_path)
    document = json.loads((tmp_path / "policy.json").read_text())
    (tmp_path / "policy.json").write_text(json.dumps(document | change))
    with pytest.raises(PolicyFileError, match=message):
        read_spec(tmp_path)


def test_statistics_that_are_missing_are_named(tmp_path: Path) -> None:
    normalize = Normalize({"observation": np.zeros(3)}, {"observation": np.ones(3)})
    write_spec(spec(transforms=(normalize,)), tmp_path)
    with pytest.raises(PolicyFileError, match=r"normalizer\.npz"):
        read_spec(tmp_path)


def test_a_kind_from_elsewhere_is_not_imported(tmp_path: Path) -> None:
    signals = signals_of(SPACES["discrete"])
    write_spec(PolicySpec("os:system", signals, signals, ACTION), tmp_path)
    with pytest.raises(PolicyFileError, match="kind 'os:system'; this version loads learner, onnx"):
        load_policy(tmp_path)


def test_a_folder_without_a_spec_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyFileError, match=rf"{tmp_path} has no policy\.json"):
        load_policy(tmp_path)


def test_names_are_of_all_numbers_or_of_none() -> None:
    with pytest.raises(ValueError, match="1 names were given for 2 numbers"):
        Signal("box", (2,), "float32", np.zeros(2), np.ones(2), ("hip",))


def test_forms_are_compared_and_described() -> None:
    box, parts = signals_of(SPACES["unlimited"]), signals_of(SPACES["dict"])
    assert signals_fit(box, signals_of(spaces.Box(-1.0, 1.0, (3,), np.float64)))
    assert not signals_fit(box, signals_of(spaces.Box(-1.0, 1.0, (4,), np.float64)))
    assert not signals_fit(box, parts)
    assert describe_signals(parts) == "{joints: box (3,) float32, gear: discrete () int64}"
