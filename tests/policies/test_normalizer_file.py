"""The names in `normalizer.npz`, and files that are damaged or something else."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rl_pipeline.policies.normalizer_file import read_normalizer, write_normalizer
from rl_pipeline.policies.policy import PolicyFileError
from rl_pipeline.run.state_file import write_state


def statistics(seed: int, shape: tuple[int, ...] = (3,)) -> dict[str, Any]:
    generator = np.random.default_rng(seed)
    return {"mean": generator.normal(size=shape), "var": generator.random(shape), "count": 12.0001}


STATES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "vector": (
        {"observation": {"observation": statistics(0)}, "reward": statistics(1, ())},
        {"observation", "reward"},
    ),
    "goal": (
        {"observation": {"observation": statistics(0), "desired_goal": statistics(1)}},
        {"observation.observation", "observation.desired_goal"},
    ),
    "odd names": (
        {"observation": {"left.arm/angles": statistics(0), "mean": statistics(1)}},
        {"observation.left.arm/angles", "observation.mean"},
    ),
    "reward only": ({"reward": statistics(1, ())}, {"reward"}),
}


@pytest.mark.parametrize("case", STATES)
def test_every_array_has_a_name(case: str, tmp_path: Path) -> None:
    state, groups = STATES[case]
    path = tmp_path / "normalizer.npz"
    write_normalizer(path, state)
    with np.load(path, allow_pickle=False) as archive:
        assert set(archive) == {
            f"{group}.{number}" for group in groups for number in ("mean", "var", "count")
        }
        assert {array.dtype for array in archive.values()} == {np.dtype(np.float64)}
    np.testing.assert_equal(read_normalizer(path), state)


def test_files_of_version_0_1_0_are_read(tmp_path: Path) -> None:
    state, _ = STATES["goal"]
    write_state(tmp_path / "normalizer.npz", state)
    np.testing.assert_equal(read_normalizer(tmp_path / "normalizer.npz"), state)


@pytest.mark.parametrize("name", ["observation.median", "reward.left.mean", "array_0", "action.mean"])
def test_other_arrays_are_refused(name: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "normalizer.npz", **{name: np.zeros(3)})
    with pytest.raises(PolicyFileError, match=rf"normalizer\.npz.*unknown array '{name}'"):
        read_normalizer(tmp_path / "normalizer.npz")


def test_a_file_that_was_cut_short_is_named(tmp_path: Path) -> None:
    path = tmp_path / "normalizer.npz"
    write_normalizer(path, STATES["vector"][0])
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(PolicyFileError, match=r"normalizer\.npz"):
        read_normalizer(path)


def test_a_pickle_is_not_executed(tmp_path: Path) -> None:
    np.savez(tmp_path / "normalizer.npz", **{"observation.mean": np.array([{"a": 1}], dtype=object)})
    with pytest.raises(PolicyFileError):
        read_normalizer(tmp_path / "normalizer.npz")
