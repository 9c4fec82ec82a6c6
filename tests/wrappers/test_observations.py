import numpy as np
import pytest
from gymnasium import spaces

from rl_pipeline.wrappers.observations import float_boxes, map_parts, select_rows

BOX = spaces.Box(-1, 1, (2,), np.float64)


def test_named_parts_are_replaced() -> None:
    observation = {"a": np.zeros(2), "b": np.ones(2)}
    changed = map_parts(observation, ["b"], lambda key, part: part * 5)
    assert changed["b"].tolist() == [5, 5]
    assert changed["a"] is observation["a"]
    assert observation["b"].tolist() == [1, 1]


def test_plain_observation_and_space_are_the_only_part() -> None:
    assert map_parts(np.ones(1), ["observation"], lambda key, part: part * 5) == 5
    assert map_parts(BOX, ["observation"], lambda key, box: spaces.Discrete(2)) == spaces.Discrete(2)


def test_rows_are_selected_in_every_part() -> None:
    mask = np.array([True, False])
    chosen, others = {"a": np.ones((2, 3)), "b": np.ones(2)}, {"a": np.zeros((2, 3)), "b": np.zeros(2)}
    selected = select_rows(mask, chosen, others)
    assert selected["a"].tolist() == [[1, 1, 1], [0, 0, 0]]
    assert selected["b"].tolist() == [1, 0]


def test_float_boxes_of_a_space() -> None:
    space = spaces.Dict(
        {"image": spaces.Box(0, 255, (4,), np.uint8), "mode": spaces.Discrete(2), "state": BOX}
    )
    assert float_boxes(space, "Test") == {"state": BOX}
    assert float_boxes(BOX, "Test") == {"observation": BOX}
    with pytest.raises(ValueError, match=r"Test needs an observation space .* got Discrete\(2\)"):
        float_boxes(spaces.Discrete(2), "Test")
