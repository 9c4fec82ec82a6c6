"""Values come back from a file with their types."""

import io
from collections import deque
from typing import Any

import numpy as np
import pytest

from rl_pipeline import plain_data
from rl_pipeline.learners.plain_values import NotPlainError, decode, encode

VALUES = [
    None,
    True,
    3,
    0.1,
    "text",
    (1, (2.5, "a")),
    deque([{"r": 1.0}, {"r": 2.0}], maxlen=4),
    deque([1]),
    {1, 2},
    {1: "a", (2, 3): [None]},
    {"$kind": "tuple"},
    np.float32(0.1),
    np.int64(2**62),
    [np.bool_(True)],
]


def through_a_file(value: Any) -> Any:
    file = io.BytesIO()
    plain_data.dump(encode(value), file)
    file.seek(0)
    return decode(plain_data.load(file))


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_comes_back(value: Any) -> None:
    back = through_a_file(value)
    assert back == value
    assert repr(back) == repr(value)


@pytest.mark.parametrize("kind", [np.random.MT19937, np.random.PCG64, np.random.Philox, np.random.SFC64])
def test_a_generator_continues(kind: Any) -> None:
    generator = np.random.Generator(kind(3))
    generator.integers(10, dtype=np.int32)
    back = through_a_file({"generator": generator})["generator"]
    np.testing.assert_array_equal(back.normal(size=5), generator.normal(size=5))


@pytest.mark.parametrize("value", [object(), [len], np.array([None]), {"a": io.BytesIO()}])
def test_what_is_not_plain_is_refused(value: Any) -> None:
    with pytest.raises(NotPlainError):
        encode(value)
