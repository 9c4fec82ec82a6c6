import numpy as np
import pytest
from gymnasium import spaces

from rl_pipeline.wrappers.observations import float_boxes, map_space

BOX = spaces.Box(-1, 1, (2,), np.float64)


def test_the_plain_space_is_the_only_part() -> None:
    assert map_space(BOX, ["observation"], lambda key, box: spaces.Discrete(2)) == spaces.Discrete(2)


def test_float_boxes_of_a_space() -> None:
    space = spaces.Dict(
        {"image": spaces.Box(0, 255, (4,), np.uint8), "mode": spaces.Discrete(2), "state": BOX}
    )
    assert float_boxes(space, "Test") == {"state": BOX}
    assert float_boxes(BOX, "Test") == {"observation": BOX}
    with pytest.raises(ValueError, match=r"Test needs an observation space .* got Discrete\(2\)"):
        float_boxes(spaces.Discrete(2), "Test")
