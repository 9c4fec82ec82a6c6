import math
from pathlib import Path

import numpy as np
import pytest

from rl_pipeline.run.state_file import StateFileError, read_state, write_state


def test_a_tree_comes_back_as_it_was(tmp_path: Path) -> None:
    generator = np.random.default_rng(3)
    tree = {
        "nothing": None,
        "flag": True,
        "huge": 2**127 + 1,
        "third": 1 / 3,
        "text": "größe",
        "list": [1, [2.5, {"deep": generator.normal(size=(3, 2))}]],
        "generator": generator.bit_generator.state,
        "scalar": np.float32(0.1),
        "zero_dimensional": np.array(7, dtype=np.int16),
    }
    write_state(tmp_path / "state.npz", tree)
    back = read_state(tmp_path / "state.npz")
    np.testing.assert_array_equal(back["list"][1][1]["deep"], tree["list"][1][1]["deep"])
    assert back["generator"] == tree["generator"]
    assert back["scalar"] == float(np.float32(0.1))
    assert back["zero_dimensional"].shape == ()
    assert back["zero_dimensional"].dtype == np.int16
    for key in ("nothing", "flag", "huge", "third", "text"):
        assert back[key] == tree[key]


def test_nan_and_infinity_survive(tmp_path: Path) -> None:
    write_state(tmp_path / "state.npz", [math.nan, math.inf, -math.inf])
    back = read_state(tmp_path / "state.npz")
    assert math.isnan(back[0])
    assert back[1:] == [math.inf, -math.inf]


@pytest.mark.parametrize("value", [object(), {1: "a"}, {"$array": "x"}, np.array([object()]), b"bytes"])
def test_other_data_is_refused_and_no_file_is_left(tmp_path: Path, value: object) -> None:
    with pytest.raises(TypeError):
        write_state(tmp_path / "state.npz", {"value": value})
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_cut_short_is_named(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    write_state(path, {"values": np.arange(1000)})
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(StateFileError, match=r"state\.npz"):
        read_state(path)


def test_a_pickle_is_not_executed(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    np.savez(path, tree=np.array([{"a": 1}], dtype=object))
    with pytest.raises(StateFileError):
        read_state(path)
