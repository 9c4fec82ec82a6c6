import numpy as np
import pytest

from rl_pipeline.datasets.motions import MotionError
from tests.datasets.motions import walk


def test_defaults_are_filled_in() -> None:
    motion = walk(frames=11, contact_names=())
    assert (len(motion), motion.duration) == (11, pytest.approx(0.1))
    assert motion.body_positions.shape == (11, 0, 3)
    assert motion.contacts.shape == (11, 0)
    assert (motion.phase[0], motion.phase[-1]) == (0, 1)
    np.testing.assert_allclose(motion.advance, (1, 0, 0), atol=1e-12)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"joint_velocities": np.zeros((100, 2))}, "must have the shape (101, 2)"),
        ({"joint_names": ("left_hip", "left_hip")}, "names occur more than once"),
        ({"root_orientation": np.full((101, 4), 0.6)}, "quaternion whose length is not one"),
        ({"root_position": np.full((101, 3), np.nan)}, "303 NaN or infinite values, the first in frame 0"),
        ({"phase": np.linspace(0, 2, 101)}, "must be from 0 to 1"),
        ({"dt": 0.0}, "must be a positive number of seconds"),
    ],
)
def test_what_does_not_fit_is_refused(fields: dict[str, object], said: str) -> None:
    with pytest.raises(MotionError, match="motion walk") as error:
        walk().changed(**fields)
    assert said in str(error.value)


def test_a_cycle_that_does_not_close_is_refused_with_the_joint() -> None:
    positions = walk().joint_positions.copy()
    positions[-1, 1] += 0.1
    with pytest.raises(MotionError) as error:
        walk(joint_positions=positions)
    assert "right_hip: differs by 0.1 between the first and the last frame" in str(error.value)
    assert "close_cycle" in str(error.value)
    assert "left_hip" not in str(error.value)
