"""Normalisers of dextgen are read from their pickles, and nothing else is."""

import os
import pickle
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rl_pipeline.policies.dextgen_files import find_dextgen_files, read_normalizer_pickle, read_statistics
from rl_pipeline.policies.policy import PolicyFileError


class Normalizer:
    """The attributes of dextgen's, without what it does."""

    def __init__(self, size: int, idx: list[int] | None = None) -> None:
        rng = np.random.default_rng(size)
        self.size, self.world_size, self.clip, self.dist, self.idx = size, 16, 200.0, True, idx
        self.eps2 = np.full(size, 1e-4, np.float32)
        self.lsum, self.lsum_sq, self.lcount = (np.zeros(n, np.float32) for n in (size, size, 1))
        self.mean = rng.normal(size=size).astype(np.float32)
        self.std = rng.uniform(0.5, 2, size).astype(np.float32)
        self.count = np.array([800.0], np.float32)
        self.sum, self.sum_sq = self.mean * self.count, self.std * self.count
        self.coal_buffer = np.zeros(2 * size + 1, np.float32)


def pickled(value: object, protocol: int = 4) -> bytes:
    """Pickle as dextgen does, whose class has another name."""
    module = types.ModuleType("mp_rl.core.normalizer")
    module.Normalizer = Normalizer  # type: ignore[attr-defined]
    before = Normalizer.__module__
    names = {"mp_rl": types.ModuleType("mp_rl"), "mp_rl.core": types.ModuleType("mp_rl.core")}
    sys.modules |= {**names, "mp_rl.core.normalizer": module}
    Normalizer.__module__ = "mp_rl.core.normalizer"
    try:
        return pickle.dumps(value, protocol)
    finally:
        Normalizer.__module__ = before
        for name in (*names, "mp_rl.core.normalizer"):
            del sys.modules[name]


def of_numpy_1(data: bytes) -> bytes:
    """Name modules as NumPy 1 does, in a pickle of protocol 3, which counts no bytes."""
    return data.replace(b"numpy._core.", b"numpy.core.")


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_the_attributes_are_those_that_were_written(protocol: int, tmp_path: Path) -> None:
    path, written = tmp_path / "state_norm.pkl", Normalizer(5, idx=[0, 1, 4])
    data = pickled(written, protocol)
    assert b"mp_rl.core.normalizer" in data
    path.write_bytes(of_numpy_1(data) if protocol == 3 else data)
    read = read_normalizer_pickle(path)
    assert read.keys() == vars(written).keys()
    for name, value in vars(written).items():
        np.testing.assert_array_equal(read[name], value)
        assert type(read[name]) is type(value)


def test_statistics_leave_out_what_was_not_normalised(tmp_path: Path) -> None:
    state, goal = Normalizer(5, idx=[0, 4]), Normalizer(3)
    (tmp_path / "state_norm.pkl").write_bytes(pickled(state))
    (tmp_path / "goal_norm.pkl").write_bytes(pickled(goal))
    parts = read_statistics(tmp_path)["observation"]
    assert parts.keys() == {"observation", "achieved_goal", "desired_goal"}
    np.testing.assert_array_equal(parts["observation"]["mean"], [state.mean[0], 0, 0, 0, state.mean[4]])
    np.testing.assert_allclose(parts["observation"]["var"][[0, 4]], state.std[[0, 4]].astype(float) ** 2)
    np.testing.assert_array_equal(parts["observation"]["var"][1:4], 1)
    np.testing.assert_allclose(parts["desired_goal"]["var"], goal.std.astype(float) ** 2)
    assert parts["desired_goal"]["count"] == 800


class Command:
    """Runs a command when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.target}",)


def malicious(place: str, target: Path) -> object:
    if place == "alone":
        return Command(target)
    normalizer = Normalizer(3)
    if place == "in an array":
        normalizer.mean = np.array([Command(target)] * 3, object)
    elif place == "as an attribute":
        normalizer.idx = Command(target)  # type: ignore[assignment]
    else:
        normalizer.idx = np.random.default_rng()  # type: ignore[assignment]
    return normalizer


@pytest.mark.parametrize("place", ["alone", "in an array", "as an attribute", "another class"])
def test_a_malicious_pickle_is_refused_and_nothing_runs(place: str, tmp_path: Path) -> None:
    path, target = tmp_path / "state_norm.pkl", tmp_path / "executed"
    path.write_bytes(pickled(malicious(place, target)))
    with pytest.raises(
        PolicyFileError, match=r"is refused, and nothing in it was executed: .*it (names|holds) "
    ):
        read_normalizer_pickle(path)
    assert not target.exists()


@pytest.mark.parametrize(
    "data",
    [b"", b"no pickle", pickled([1, 2]), pickled({"mean": 1}), pickled(Normalizer(3))[:-40]],
    ids=["empty", "text", "list", "mapping", "cut off"],
)
def test_other_and_damaged_files_are_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "goal_norm.pkl"
    path.write_bytes(data)
    with pytest.raises(PolicyFileError, match="not a normaliser of dextgen"):
        read_normalizer_pickle(path)


@pytest.mark.parametrize("name", ["mean", "std", "count"])
def test_numbers_that_make_no_sense_are_refused(name: str, tmp_path: Path) -> None:
    normalizer = Normalizer(3)
    setattr(normalizer, name, np.full_like(getattr(normalizer, name), np.nan))
    for file in ("state_norm.pkl", "goal_norm.pkl"):
        (tmp_path / file).write_bytes(pickled(normalizer))
    with pytest.raises(PolicyFileError, match="must be finite"):
        read_statistics(tmp_path)


def test_folders_are_found_by_environment_and_then_by_gripper(tmp_path: Path) -> None:
    for folder in ("ParallelJaw", "FlatPJCube-v0", "ShadowHand"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "actor.pt").touch()
    found = {
        name: find_dextgen_files(str(tmp_path), name)
        for name in ("FlatPJCube-v0", "FlatPJMesh-v0", "ObstacleSHCube-v0", "FlatBarrettCube-v0")
    }
    assert [path and path.name for path in found.values()] == [
        "FlatPJCube-v0",
        "ParallelJaw",
        "ShadowHand",
        None,
    ]
    assert find_dextgen_files(str(tmp_path / "ShadowHand"), "Any-v0") == tmp_path / "ShadowHand"
